package io.pcache.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Programs of the machine that tests run. */
public final class Tool {
  private static final String POSTGRES = "/usr/lib/postgresql";

  private Tool() {}

  /**
   * Where a program is: on the search path, in the system administrator's folders, which not every
   * user searches, or in the folder of the newest PostgreSQL, which Debian keeps to itself.
   */
  public static Optional<Path> find(String name) {
    List<String> folders = new ArrayList<>();
    String path = System.getenv("PATH");
    if (path != null) {
      folders.addAll(List.of(path.split(File.pathSeparator)));
    }
    folders.addAll(List.of("/usr/local/sbin", "/usr/sbin", "/sbin"));
    folders.addAll(postgresFolders());
    return folders.stream()
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static List<String> postgresFolders() {
    String[] versions = new File(POSTGRES).list();
    return versions == null
        ? List.of()
        : Arrays.stream(versions)
            .sorted(Comparator.comparingInt(String::length).thenComparing(v -> v).reversed())
            .map(version -> POSTGRES + "/" + version + "/bin")
            .toList();
  }

  /** The same for a program that has to be there. */
  public static Path require(String name) {
    return find(name)
        .orElseThrow(() -> new IllegalStateException("no program " + name + " on the search path"));
  }
}
