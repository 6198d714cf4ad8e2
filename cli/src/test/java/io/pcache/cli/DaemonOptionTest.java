package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonOptionTest {
  @TempDir Path folder;

  private List<Path> ofDemoIn(Path folder) throws IOException {
    Path run = this.folder.resolve("run");
    return DaemonOption.ofDemo(new DemoDisk(folder), new SocketPlaces(run, run));
  }

  /** There may be no room for a socket beside it, with or without one that a killed daemon left. */
  @Test
  void theDemosDaemonMayHaveItsSocketElsewhere() throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    SocketPlaces places = new SocketPlaces(run, folder.resolve("user"));
    DemoDisk demo = new DemoDisk(Files.createDirectory(folder.resolve("demo")));
    Path elsewhere = Files.createFile(places.of(demo.cache(), SocketPlaces.CONTROL_SUFFIX).get(1));
    assertThat(DaemonOption.ofDemo(demo, places)).containsExactly(elsewhere);
    Path beside = Files.createFile(demo.folder().resolve("cache.img.pcache.sock"));
    assertThat(DaemonOption.ofDemo(demo, places)).containsExactly(beside, elsewhere);
  }

  @Test
  void theOnlyControlSocketOfAFolderIsMeant() throws IOException {
    Files.createFile(folder.resolve("cache.img"));
    Files.createFile(folder.resolve("cache.img.nbd.sock"));
    Path control = Files.createFile(folder.resolve("cache.img.pcache.sock"));
    assertThat(ofDemoIn(folder)).containsExactly(control);
  }

  @Test
  void amongSeveralOneHasToBeNamed() throws IOException {
    Files.createFile(folder.resolve("a.pcache.sock"));
    Files.createFile(folder.resolve("b.pcache.sock"));
    assertThatThrownBy(() -> ofDemoIn(folder))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll("a.pcache.sock", "b.pcache.sock", "--socket");
  }

  @Test
  void withoutAnyNothingIsRunning() {
    assertThatThrownBy(() -> ofDemoIn(folder)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> ofDemoIn(folder.resolve("absent")))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("--cache");
  }
}
