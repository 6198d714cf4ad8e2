package io.pcache.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every input that is kept passes, those among them that once showed a fault. */
class CorpusTest {
  static final Path CORPUS = Path.of("corpus");

  private static List<Path> inputsOf(FuzzTarget target) throws IOException {
    try (Stream<Path> files = Files.list(target.corpus(CORPUS))) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(600)
  void everyKeptInputPasses(FuzzTarget target) throws IOException {
    List<Path> inputs = inputsOf(target);
    assertThat(inputs).hasSizeGreaterThan(5);
    for (Path input : inputs) {
      byte[] bytes = Files.readAllBytes(input);
      try {
        target.run(bytes);
        // Once more, because targets use their devices again.
        target.run(bytes);
      } catch (Exception | Error e) {
        throw new AssertionError(input.toString(), e);
      }
    }
  }
}
