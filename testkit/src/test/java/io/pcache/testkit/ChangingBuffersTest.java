package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;
import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Buffers that alias, change or go away while a request runs, as those of a virtual machine may:
 * what they do to the request is its sender's affair, what the cache holds afterwards is not. Each
 * moment is chosen by hand.
 */
class ChangingBuffersTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int BLOCK_BYTES = 8 * SECTOR;
  private static final int BACKING_ID = 7;
  private static final long SUBTREE_BYTES = 4 << 20;

  private static MemorySegment buffer(long lengthBytes) {
    return Arena.ofAuto().allocate(lengthBytes, SECTOR);
  }

  private static void fillStore(SteppedCaches caches) {
    SectorContent.fill(caches.store.bytes(), 0, BACKING_ID);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("hazard 32: misses that share a buffer fill the cache each with its own bytes")
  void missesThatShareABufferFillTheCacheWithTheirOwnBytes(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      fillStore(caches);
      Media media = caches.format(6, CrashGrain.CACHE_LINE, dataCrc);
      SteppedCache cache = caches.open(media);
      MemorySegment shared = buffer(BLOCK_BYTES);
      List<SteppedRequest> reads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        SteppedRequest read = new SteppedRequest();
        read.prepareRead(SUBTREE_BYTES + (long) i * BLOCK_BYTES, shared);
        cache.submit(read);
        reads.add(read);
      }
      reads.forEach(cache::await);
      assertHeld(cache, SUBTREE_BYTES, 4 * BLOCK_BYTES, BACKING_ID);
      cache.flush();
      assertHeld(caches.open(media), SUBTREE_BYTES, 4 * BLOCK_BYTES, BACKING_ID);
    }
  }

  @Test
  @DisplayName("hazard 32: a checksum is that of the bytes that were copied, not of the buffer")
  void aChecksumIsThatOfTheBytesThatWereCopied() {
    try (SteppedCaches caches = new SteppedCaches()) {
      fillStore(caches);
      ScribblingMedia media = new ScribblingMedia(caches.format(6, CrashGrain.CACHE_LINE, true));
      SteppedCache cache = caches.open(media);
      MemorySegment source = buffer(BLOCK_BYTES);
      SectorContent.fill(source, 0, 1);
      SteppedRequest write = new SteppedRequest();
      write.prepareWrite(0, source);
      media.onWrite(() -> SectorContent.fill(source, 0, 2));
      cache.carryOut(write);
      media.onWrite(() -> {});
      for (int sector = 0; sector < 8; sector++) {
        // Throws where the checksum is not that of the bytes.
        assertThat(cache.read((long) sector * SECTOR)).isIn(1, 2);
      }
      cache.drain();
      assertThat(cache.cache().snapshot().faults()).isEmpty();
      assertThat(SectorContent.idAt(caches.store.bytes(), 0, 0)).isIn(1, 2);
    }
  }

  @Test
  @DisplayName("hazard 32: a reader that closes its buffer fails alone")
  void aReaderThatClosesItsBufferFailsAlone() {
    try (SteppedCaches caches = new SteppedCaches()) {
      fillStore(caches);
      SteppedCache cache = caches.open(caches.format(6, CrashGrain.CACHE_LINE, true));
      SteppedRequest read = new SteppedRequest();
      Arena arena = Arena.ofShared();
      read.prepareRead(SUBTREE_BYTES, arena.allocate(BLOCK_BYTES, SECTOR));
      cache.submit(read);
      arena.close();
      cache.await(read);
      assertThat(read.failure())
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("buffer was closed");
      assertHeld(cache, SUBTREE_BYTES, BLOCK_BYTES, BACKING_ID);
      assertThat(cache.cache().snapshot().faults()).isEmpty();
    }
  }

  @Test
  @DisplayName("hazard 32: what a write overtook is read again into a buffer that others share")
  void aMissThatAWriteOvertookIsReadAgain() {
    try (SteppedCaches caches = new SteppedCaches()) {
      fillStore(caches);
      SteppedCache cache = caches.open(caches.format(6, CrashGrain.CACHE_LINE, true));
      int length = 64 << 10;
      MemorySegment target = buffer(length);
      SteppedRequest read = new SteppedRequest();
      read.prepareRead(SUBTREE_BYTES, target);
      cache.submit(read);
      cache.step("backing-submit");
      SteppedRequest write = SteppedCache.writeRequest(SUBTREE_BYTES + length / 2, BLOCK_BYTES, 9);
      cache.submit(write);
      assertThat(write.isDone()).isTrue();
      SteppedRequest other = new SteppedRequest();
      other.prepareRead(2 * SUBTREE_BYTES, target.asSlice(0, BLOCK_BYTES));
      cache.submit(other);
      cache.await(read);
      cache.await(other);
      long firstSector = SUBTREE_BYTES / SECTOR;
      for (int sector = 8; sector < length / SECTOR; sector++) {
        boolean written = sector >= length / 2 / SECTOR && sector < length / 2 / SECTOR + 8;
        assertThat(SectorContent.idAt(target, (long) sector * SECTOR, firstSector + sector))
            .isEqualTo(written ? 9 : BACKING_ID);
      }
      assertHeld(cache, SUBTREE_BYTES, length / 2, BACKING_ID);
      assertHeld(cache, SUBTREE_BYTES + length / 2, BLOCK_BYTES, 9);
    }
  }

  private static void assertHeld(SteppedCache cache, long offsetBytes, int lengthBytes, int id) {
    for (long at = offsetBytes; at < offsetBytes + lengthBytes; at += SECTOR) {
      assertThat(cache.cache().isCached(at)).as("cached: byte %d", at).isTrue();
      assertThat(cache.read(at)).as("byte %d", at).isEqualTo(id);
    }
  }

  /** A device under which something else happens before and after each write. */
  private static final class ScribblingMedia implements Media {
    private final Media media;
    private Runnable hook = () -> {};

    ScribblingMedia(Media media) {
      this.media = media;
    }

    void onWrite(Runnable newHook) {
      hook = newHook;
    }

    @Override
    public void write(
        long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
      media.write(offsetBytes, source, sourceOffsetBytes, lengthBytes);
      hook.run();
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
    public void zero(long offsetBytes, long lengthBytes) {
      media.zero(offsetBytes, lengthBytes);
    }

    @Override
    public void recycle(long offsetBytes, long lengthBytes) {
      media.recycle(offsetBytes, lengthBytes);
    }

    @Override
    public void sync() {
      media.sync();
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
}
