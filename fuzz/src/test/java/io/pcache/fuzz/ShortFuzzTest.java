package io.pcache.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A few seconds of fuzzing from the kept corpus; {@code bin/fuzz} is for more. */
@Timeout(600)
class ShortFuzzTest {
  private static final long SECONDS = Long.getLong("pcache.fuzz.seconds", 4);
  private static final long CANARY_SECONDS = 60;

  private @TempDir Path work;

  @ParameterizedTest
  @EnumSource
  void nothingIsFound(FuzzTarget target) throws IOException, InterruptedException {
    Path log = work.resolve("log");
    boolean passed =
        new Fuzzer(work)
            .run(
                target.name(),
                target.harness(),
                target.corpus(CorpusTest.CORPUS),
                target.options(),
                SECONDS,
                log);
    assertThat(passed).as("%s", Files.readString(log)).isTrue();
    assertThat(Files.readString(log)).contains("stat::number_of_executed_units");
  }

  @Test
  void aFaultyDecoderIsFound() throws IOException, InterruptedException {
    Path log = work.resolve("log");
    Fuzzer fuzzer = new Fuzzer(work);
    boolean passed =
        fuzzer.run(
            "canary",
            TrustingDecoder.class,
            Files.createDirectory(work.resolve("no-seeds")),
            List.of("-max_len=200"),
            CANARY_SECONDS,
            log);
    assertThat(passed).as("%s", Files.readString(log)).isFalse();
    assertThat(Files.readString(log)).contains("IndexOutOfBoundsException");
    try (Stream<Path> failures = Files.list(fuzzer.failures("canary"))) {
      assertThat(failures.map(path -> path.getFileName().toString()))
          .anyMatch(name -> name.startsWith("crash-"));
    }
  }
}
