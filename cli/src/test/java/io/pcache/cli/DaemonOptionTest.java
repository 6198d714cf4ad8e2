package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonOptionTest {
  @TempDir Path folder;

  @Test
  void theOnlyControlSocketOfAFolderIsMeant() throws IOException {
    Files.createFile(folder.resolve("cache.img"));
    Files.createFile(folder.resolve("cache.img.nbd.sock"));
    Path control = Files.createFile(folder.resolve("cache.img.pcache.sock"));
    assertThat(DaemonOption.onlyOneIn(folder)).isEqualTo(control);
  }

  @Test
  void amongSeveralOneHasToBeNamed() throws IOException {
    Files.createFile(folder.resolve("a.pcache.sock"));
    Files.createFile(folder.resolve("b.pcache.sock"));
    assertThatThrownBy(() -> DaemonOption.onlyOneIn(folder))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll("a.pcache.sock", "b.pcache.sock", "--socket");
  }

  @Test
  void withoutAnyNothingIsRunning() {
    assertThatThrownBy(() -> DaemonOption.onlyOneIn(folder)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> DaemonOption.onlyOneIn(folder.resolve("absent")))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("--cache");
  }
}
