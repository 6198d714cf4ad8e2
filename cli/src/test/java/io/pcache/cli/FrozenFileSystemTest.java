package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.error.ErrorKind;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stop while the file system that holds the cache or the sockets lets nothing be changed. */
@Tag("engine")
@Timeout(600)
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/loop-control"})
@RequiresTool({"mkfs.ext4", "mount", "umount", "fsfreeze", "nbdsh"})
class FrozenFileSystemTest {
  private static final long CACHE_BYTES = 512L << 20;

  /** The waits add up to 15 s; the rest is for a busy machine. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private LoopFileSystem mounted = new LoopFileSystem(Path.of(""));
  private final List<ServedDisk> daemons = new ArrayList<>();

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    mounted = LoopFileSystem.make(folder, 640L << 20);
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    for (ServedDisk daemon : daemons) {
      daemon.kill();
      daemon.awaitNothingLeft();
    }
    mounted.close();
  }

  private ServedDisk serve(Path cache, String... more) throws IOException, InterruptedException {
    Path backing = folder.resolve("backing");
    if (Files.notExists(backing)) {
      SparseFiles.create(backing, 1L << 30);
    }
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--cache",
                cache.toString(),
                "--backing",
                backing.toString(),
                "--stop-timeout",
                "2"));
    arguments.addAll(List.of(more));
    ServedDisk served = ServedDisk.start(arguments.toArray(new String[0]));
    daemons.add(served);
    return served;
  }

  @Test
  @DisplayName("hazard 30: sockets that cannot be removed keep no daemon from stopping")
  void aFrozenFileSystemUnderCacheAndSocketsIsWaitedForWithABound()
      throws IOException, InterruptedException {
    Path cache = mounted.root().resolve("cache");
    SparseFiles.create(cache, CACHE_BYTES);
    ServedDisk.pcache("format", cache.toString()).succeeded();
    ServedDisk served = serve(cache);
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    mounted.freeze();
    try {
      served.requestStop();
      assertThat(served.awaitEnd(STOP_LIMIT))
          .as(served.log())
          .isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
      assertThat(served.log())
          .contains(
              "its file system does not answer", "cache device " + cache, "stopping is given up");
    } finally {
      mounted.thaw();
    }
    served.awaitNothingLeft();
    ServedDisk again = serve(cache);
    LibnbdClient.run(again.uri(), LibnbdClient.CHECK);
    assertThat(again.stop()).as(again.log()).isZero();
  }

  @Test
  @DisplayName("hazard 30: a stop whose devices answer succeeds although its sockets stay")
  void aFrozenFileSystemUnderTheSocketsAloneCostsNoMoreThanTheirFiles()
      throws IOException, InterruptedException {
    Path cache = folder.resolve("cache");
    SparseFiles.create(cache, CACHE_BYTES);
    ServedDisk.pcache("format", cache.toString()).succeeded();
    Path control = mounted.root().resolve("control");
    ServedDisk served =
        serve(
            cache,
            "--listen",
            ServedDisk.unixSocket(mounted.root()),
            "--control-socket",
            control.toString());
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    mounted.freeze();
    try {
      served.requestStop();
      assertThat(served.awaitEnd(STOP_LIMIT)).as(served.log()).isZero();
      assertThat(served.log()).contains("its file system does not answer", control.toString());
    } finally {
      mounted.thaw();
    }
    served.awaitNothingLeft();
  }
}
