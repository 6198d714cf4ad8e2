package io.pcache.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.QuietHealth;
import io.pcache.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The simulator can fail: it finds out about engines that are broken on purpose, each described in
 * a file of {@code broken-engines}. The worlds are the same every time, so that a fault that is
 * caught stays caught.
 */
@ExtendWith(QuietHealth.class)
@DisplayName(
    "hazards 1, 7, 8, 9, 12, 13, 14, 15, 21, 22, 23, 31, 32, 44: broken engines are found out")
class BrokenEnginesTest {
  private static final int MOST_WORLDS = Integer.getInteger("pcache.broken.worlds", 100);

  private @TempDir Path folder;

  static List<String> patches() throws IOException {
    try (Stream<Path> files = Files.list(patchFolder())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".patch"))
          .sorted()
          .toList();
    }
  }

  private static Path patchFolder() {
    return Repository.root().resolve("testkit/src/test/resources/broken-engines");
  }

  /** A file that is lost by a merge or a move would not be missed otherwise. */
  @Test
  void thereAreAsManyAsThereWere() throws IOException {
    assertThat(patches()).hasSizeGreaterThanOrEqualTo(47);
  }

  @ParameterizedTest
  @MethodSource("patches")
  void isFoundOut(String name) throws IOException, ReflectiveOperationException {
    SourcePatch patch = SourcePatch.read(patchFolder().resolve(name));
    Path sources = Repository.root().resolve("core/src/main/java/io/pcache");
    LongFunction<String> hunt = BrokenEngine.hunt(patch.apply(sources), folder);
    long seed = patch.world();
    String found = hunt.apply(seed);
    for (int i = 1; found.isEmpty() && i <= MOST_WORLDS; i++) {
      seed = i;
      found = hunt.apply(seed);
    }
    System.out.println(name + ": world " + seed + ": " + found);
    assertThat(found).as("what %d worlds show of: %s", MOST_WORLDS, patch.title()).isNotEmpty();
  }
}
