package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.FormatOptions;
import io.pcache.Pcache;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The daemon, started without standard descriptors. The next file that is opened takes a missing
 * one's place: the memory file of the Java heap did, and the announcement was written into it.
 */
@Timeout(600)
class StandardDescriptorsTest {
  private static final Duration LIMIT = Duration.ofMinutes(4);

  @TempDir private static Path folder;
  private static Path cache = Path.of("");

  @BeforeAll
  static void makeDisk() throws IOException {
    cache = folder.resolve("cache");
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20));
    SparseFiles.create(folder.resolve("backing"), 1L << 30);
  }

  @DisplayName("hazard 34: a missing descriptor is the null device")
  @ParameterizedTest
  @CsvSource({"<&-, 0", ">&-, 1", "2>&-, 2", "<&- >&- 2>&-, 0 1 2"})
  void aMissingDescriptorIsTheNullDevice(String closing, String missing) throws Exception {
    Process daemon =
        LauncherShell.of(
                folder,
                "exec \"$PCACHE\" serve --cache cache --backing backing --listen unix:nbd.sock "
                    + closing)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.DISCARD)
            .start();
    try {
      await()
          .atMost(LIMIT)
          .ignoreExceptions()
          .until(() -> RunningDaemon.status(cache).sizeBytes() == 1L << 30);
      for (String descriptor : List.of(missing.split(" ", -1))) {
        assertIsNullDevice(daemon.toHandle(), descriptor);
        assertIsNullDevice(daemon.children().findFirst().orElseThrow(), descriptor);
      }
    } finally {
      assertThat(daemon.destroyForcibly().waitFor()).isNotZero();
    }
  }

  private static void assertIsNullDevice(ProcessHandle process, String descriptor)
      throws IOException {
    Path link = Path.of("/proc", String.valueOf(process.pid()), "fd", descriptor);
    assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("/dev/null"));
  }
}
