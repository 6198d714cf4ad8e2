package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.CallWatch;
import io.pcache.agent.OutstandingCalls.Outstanding;
import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import io.pcache.backing.ForwardingStore;
import io.pcache.backing.StoreCalls;
import io.pcache.backing.WatchedStore;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.testkit.Command;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresTool("dd")
@DisplayName("hazard 30: a write to the backing device may wait for the cache device")
class SourceProbeTest {
  private static final long SIZE_BYTES = 1 << 20;
  private static final long LONG_NANOS = 1_000_000_000;
  private static final Outstanding NONE = new Outstanding(0, 0);
  private static final Outstanding ONE = new Outstanding(1, LONG_NANOS);

  private final ManualClock clock = new ManualClock();
  private final StoreCalls storeCalls = new StoreCalls(clock);
  private final CallWatch mediaCalls = new CallWatch(clock);

  @TempDir private Path folder;

  /** Runs an action while a write from a part of the cache that is not in memory is under way. */
  private void duringWrite(Media media, Runnable action) throws IOException {
    MemorySegment source = media.view().asSlice(SIZE_BYTES / 2, 8192);
    BackingStore backing =
        new ForwardingStore(
            FileBackingStore.open(SparseFiles.create(folder.resolve("backing"), SIZE_BYTES))) {
          @Override
          public void write(List<MemorySegment> pieces, long offsetBytes) {
            clock.advance(LONG_NANOS);
            action.run();
          }
        };
    try (BackingStore watched = new WatchedStore(backing, storeCalls)) {
      watched.write(List.of(source), 0);
    }
  }

  private Media openColdMedia() throws IOException, InterruptedException {
    Path file = SparseFiles.create(folder.resolve("cache"), SIZE_BYTES);
    Media media = MediaFiles.open(file);
    Command.run("dd", "of=" + file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0")
        .succeeded();
    return media;
  }

  @Test
  void aCacheDeviceThatAnswersLeavesTheWriteToTheBackingDevice()
      throws IOException, InterruptedException {
    try (Media media = openColdMedia()) {
      SourceProbe probe = new SourceProbe(storeCalls, media, mediaCalls);
      duringWrite(
          media,
          () -> {
            assertThat(storeCalls.missingSource(0)).isNotNull();
            assertThat(probe.waitingForStore().longerThan(LONG_NANOS)).isEqualTo(ONE);
            assertThat(probe.doWork()).isZero();
            assertThat(storeCalls.missingSource(0)).isNull();
            assertThat(probe.waitingForStore().longerThan(LONG_NANOS)).isEqualTo(ONE);
            assertThat(Objects.requireNonNull(media.calls()).longerThan(0)).isEqualTo(NONE);
          });
    }
  }

  @Test
  void whileTheProbeHangsTheWriteWaitsForTheCacheDevice() throws IOException, InterruptedException {
    try (Media media = openColdMedia()) {
      SourceProbe probe = new SourceProbe(storeCalls, media, mediaCalls);
      int hung = mediaCalls.begin();
      duringWrite(
          media, () -> assertThat(probe.waitingForStore().longerThan(LONG_NANOS)).isEqualTo(NONE));
      mediaCalls.end(hung);
    }
  }
}
