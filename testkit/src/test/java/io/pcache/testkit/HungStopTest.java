package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.backing.FileBackingStore;
import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Closing a cache whose backing device does not answer, or takes nothing. */
@Timeout(600)
@DisplayName("hazard 30: closing a cache whose backing device does not answer")
class HungStopTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 1L << 30;
  private static final int BLOCK = 4096;

  private @TempDir(factory = MemoryFolder.class) Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");
  private FaultyStore store;

  @BeforeEach
  void format() throws IOException {
    cache = folder.resolve("cache");
    backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES));
    store = new FaultyStore(FileBackingStore.open(backing));
  }

  private Pcache open() {
    return Pcache.open(OpenOptions.of(cache, backing), store);
  }

  private static Patience shortPatience() {
    return new Patience(SystemClock.INSTANCE, TimeUnit.SECONDS.toNanos(3), (what, quiet) -> {});
  }

  private static CompletableFuture<Void> inBackground(Runnable action) {
    return CompletableFuture.runAsync(action, task -> Thread.ofPlatform().daemon(true).start(task));
  }

  private void awaitReleased() {
    await()
        .atMost(240, TimeUnit.SECONDS)
        .ignoreExceptionsInstanceOf(DeviceInUseException.class)
        .until(() -> {
          Pcache.open(OpenOptions.of(cache, backing)).close();
          return true;
        });
  }

  private static void expect(Pcache open, long offset, int id) {
    MemorySegment found = Arena.ofAuto().allocate(BLOCK);
    open.read(offset, found);
    MemorySegment expected = Arena.ofAuto().allocate(BLOCK);
    SectorContent.fill(expected, offset / BlockDevice.SECTOR_BYTES, id);
    assertThat(found.mismatch(expected)).isEqualTo(-1);
  }

  @Test
  void aHungWriteBackIsGivenUpAndReleasedWhenItAnswers() {
    Pcache open = open();
    store.hold();
    BlockingDevice device = new BlockingDevice(open.device());
    device.write(BLOCK, BLOCK, 1);
    device.flush();
    device.write(2 * BLOCK, BLOCK, 2);
    await().until(() -> store.waiting() > 0);
    assertThatThrownBy(() -> open.close(shortPatience()))
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining(backing.toString())
        .hasMessageContaining("does not answer")
        .hasMessageContaining("Everything acknowledged is in the cache");
    // Its transfer may still reach the device: nobody else gets hold of it before.
    assertThatThrownBy(() -> Pcache.open(OpenOptions.of(cache, backing)))
        .isInstanceOf(DeviceInUseException.class);
    store.letGo();
    awaitReleased();
    try (Pcache again = Pcache.open(OpenOptions.of(cache, backing))) {
      expect(again, BLOCK, 1);
      expect(again, 2 * BLOCK, 2);
    }
  }

  @Test
  void hungMissesAndThreadsThatWaitForARequestAreGivenUp() {
    Pcache open = open();
    store.hold();
    new BlockingDevice(open.device()).write(BLOCK, BLOCK, 1);
    List<CompletableFuture<Void>> readers = new ArrayList<>();
    // More than there are backing requests, so that some wait for one.
    for (int i = 0; i < 300; i++) {
      long offset = (512L << 20) + i * (1L << 20);
      readers.add(inBackground(() -> open.read(offset, Arena.ofAuto().allocate(BLOCK))));
    }
    await().until(() -> store.waiting() > 0);
    assertThatThrownBy(() -> open.close(shortPatience()))
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining("Everything acknowledged is in the cache");
    store.letGo();
    for (CompletableFuture<Void> reader : readers) {
      try {
        reader.join();
      } catch (CompletionException e) {
        assertThat(e).hasCauseInstanceOf(ClosedException.class);
      }
    }
    awaitReleased();
  }

  @Test
  void aWriteThatWaitsForSpaceBecauseNothingCanBeWrittenBackIsRefusedAtAStop() {
    Pcache open = open();
    store.failWrites(0, BACKING_BYTES);
    BlockingDevice device = new BlockingDevice(open.device());
    CompletableFuture<Void> writer =
        inBackground(() -> {
          for (long at = 0; at < BACKING_BYTES; at += 1 << 20) {
            device.write(at, 1 << 20, 1);
          }
        });
    await().atMost(240, TimeUnit.SECONDS).until(() -> open.status().waitingRequests() > 0);
    open.close(shortPatience());
    assertThatThrownBy(writer::join).hasCauseInstanceOf(PcacheException.class);
    assertThatThrownBy(writer::join).hasMessageContaining("closed");
  }
}
