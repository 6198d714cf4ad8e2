package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.error.CorruptMediaException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FailureTest {
  @Test
  void aKindOfErrorHasItsOwnExitCode() {
    Failure failure = Failure.of(new CorruptMediaException("superblock: bad"));
    assertThat(failure.exitCode()).isEqualTo(10);
    assertThat(failure.message()).isEqualTo("superblock: bad");
  }

  @Test
  void theFileSystemsFailuresAreSpelledOut() {
    assertThat(Failure.of(new NoSuchFileException("a")).message()).isEqualTo("a: no such file");
    assertThat(Failure.of(new AccessDeniedException("a")).message())
        .contains("a: permission denied");
    assertThat(Failure.of(new UncheckedIOException(new IOException("disk on fire"))).message())
        .isEqualTo("disk on fire");
    assertThat(Failure.of(new IOException("x")).exitCode()).isEqualTo(1);
  }

  @Test
  void aBugOfOursAsksForAReport() {
    Failure failure = Failure.of(new IllegalStateException("no way"));
    assertThat(failure.exitCode()).isEqualTo(1);
    assertThat(failure.message()).contains("no way").contains("--verbose");
  }

  @Test
  void aMessageIsOneLineWhateverItHolds() {
    StringWriter err = new StringWriter();
    int exitCode = Failure.of(new IOException("two\nlines")).report(new PrintWriter(err));
    assertThat(err).hasToString("pcache: two lines\n");
    assertThat(exitCode).isEqualTo(1);
  }
}
