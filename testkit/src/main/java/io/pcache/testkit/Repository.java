package io.pcache.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where this project's own files are, for tests that run in the folder of one of its modules. */
public final class Repository {
  private static final String PARENT = "<artifactId>pcache-parent</artifactId>";

  private Repository() {}

  /**
   * The repository's top folder: the nearest one, from the working directory upwards, whose {@code
   * pom.xml} is the parent of all modules.
   */
  public static Path root() {
    Path start = Path.of("").toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (isParentPom(folder.resolve("pom.xml"))) {
        return folder;
      }
    }
    throw new IllegalStateException(
        start + " is not inside the pcache repository: no parent pom.xml from there upwards");
  }

  /** A path relative to the repository's top folder; an absolute one stays as it is. */
  public static Path resolve(String path) {
    return root().resolve(path).normalize();
  }

  /** The module whose folder is the working directory, as {@code mvn -pl} takes it. */
  static String currentModule() {
    String module = root().relativize(Path.of("").toAbsolutePath()).toString();
    return module.isEmpty() ? "." : module;
  }

  private static boolean isParentPom(Path pom) {
    try {
      if (!Files.isRegularFile(pom)) {
        return false;
      }
      String text = Files.readString(pom);
      return text.contains(PARENT) && !text.contains("<parent>");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + pom, e);
    }
  }
}
