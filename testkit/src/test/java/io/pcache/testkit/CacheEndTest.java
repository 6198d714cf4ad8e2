package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.MediaFailureException;
import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How a cache ends when its device fails. */
class CacheEndTest {
  /** A device whose syncs fail from some moment on. */
  private static final class FailingMedia implements Media {
    private final Media media;
    private boolean failing;

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
}
