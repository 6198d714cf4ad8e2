package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.backing.FileBackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheTuning;
import io.pcache.error.MediaFailureException;
import io.pcache.format.CacheInfo;
import io.pcache.format.FreshFormat;
import io.pcache.format.Superblock;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.media.MediaKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a cache ends when its device fails. */
class CacheEndTest {
  /** A device whose syncs fail from some moment on. */
  private static final class FailingMedia implements Media {
    private final Media media;
    private volatile boolean failing;

    FailingMedia(Media media) {
      this.media = media;
    }

    @Override
    public void sync() {
      if (failing) {
        throw new MediaFailureException("injected fault: cannot sync", new IOException("EIO"));
      }
      media.sync();
    }

    @Override
    public long sizeBytes() {
      return media.sizeBytes();
    }

    @Override
    public MemorySegment view() {
      return media.view();
    }

    @Override
    public void write(long offset, MemorySegment source, long sourceOffset, long length) {
      media.write(offset, source, sourceOffset, length);
    }

    @Override
    public void zero(long offset, long length) {
      media.zero(offset, length);
    }

    @Override
    public void recycle(long offset, long length) {
      media.recycle(offset, length);
    }

    @Override
    public boolean syncMayBlock() {
      return media.syncMayBlock();
    }

    @Override
    public MediaKind kind() {
      return media.kind();
    }

    @Override
    public void close() {
      media.close();
    }
  }

  @Test
  @DisplayName("hazard 26: close throws where the last flush failed")
  void closeReportsThatTheLastFlushFailed() {
    try (SteppedCaches caches = new SteppedCaches()) {
      FailingMedia media = new FailingMedia(caches.format(4, CrashGrain.CACHE_LINE, false));
      SteppedCache cache = caches.open(media);
      // The first write of a data segment is committed at once, the second is staged.
      cache.submit(SteppedCache.writeRequest(0, 512, 1));
      cache.submit(SteppedCache.writeRequest(512, 512, 2));
      media.failing = true;
      assertThatThrownBy(() -> cache.cache().close())
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining("cannot sync");
    }
  }

  @Test
  @DisplayName(
      "hazard 26: after a failed sync nothing is acknowledged, also if a later one succeeds")
  void afterAFailedSyncNothingIsAcknowledged() {
    try (SteppedCaches caches = new SteppedCaches()) {
      FailingMedia media = new FailingMedia(caches.format(4, CrashGrain.CACHE_LINE, false));
      SteppedCache cache = caches.open(media);
      cache.submit(SteppedCache.writeRequest(0, 512, 1));
      cache.submit(SteppedCache.writeRequest(512, 512, 2));
      media.failing = true;
      assertThatThrownBy(cache::flush).isInstanceOf(MediaFailureException.class);
      media.failing = false;
      assertThatThrownBy(cache::flush).isInstanceOf(MediaFailureException.class);
      assertThatThrownBy(() -> cache.write(1024, 512, 3)).isInstanceOf(MediaFailureException.class);
      assertThat(cache.cache().snapshot().faults())
          .anyMatch(fault -> fault.startsWith("log: injected fault"));
    }
  }

  /** Otherwise its device would be released under it. */
  @Test
  @Timeout(600)
  @DisplayName("hazard 30: a close whose last flush fails waits for a read that hangs all the same")
  void aCloseWhoseLastFlushFailsWaitsForRequestsInFlight(
      @TempDir(factory = MemoryFolder.class) Path folder) throws IOException, InterruptedException {
    Path cacheFile = SparseFiles.create(folder.resolve("cache"), SteppedCache.mediaBytes(4));
    Path backingFile = SparseFiles.create(folder.resolve("backing"), 64 << 20);
    FaultyStore store = new FaultyStore(FileBackingStore.open(backingFile));
    try (FailingMedia media = new FailingMedia(MediaFiles.open(cacheFile));
        BackingDevice backing = BackingDevice.start(store, BackingOptions.defaults())) {
      Cache cache = start(media, backing);
      BlockingDevice device = new BlockingDevice(cache);
      store.hold();
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(() -> device.readAndForget(32 << 20, 4096));
      await().until(() -> store.waiting() > 0);
      media.failing = true;
      device.write(0, 512, 1);
      AtomicInteger stillHeld = new AtomicInteger();
      Thread closer =
          Thread.ofPlatform()
              .start(() -> {
                assertThatThrownBy(cache::shutDown).isInstanceOf(MediaFailureException.class);
                stillHeld.set(store.waiting());
              });
      await().until(() -> !closer.isAlive() || waitsForRequests(closer));
      store.letGo();
      closer.join();
      reader.join();
      assertThat(stillHeld).hasValue(0);
    }
  }

  private static Cache start(Media media, BackingDevice backing) {
    FreshFormat.write(media, false, null);
    CacheInfo info = CacheInfo.load(media, Superblock.load(media));
    CacheTuning tuning = new CacheTuning(SystemClock.INSTANCE, 1, 4, 2, 0, 2, Long.MAX_VALUE);
    Cache cache =
        Cache.recover(
            media,
            info,
            backing,
            LogEnd.Writer.PCACHE,
            null,
            (at, length) -> {},
            ProcessStaging.create(),
            tuning);
    cache.prepareForWriting();
    cache.start();
    return cache;
  }

  private static boolean waitsForRequests(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("awaitNone"));
  }
}
