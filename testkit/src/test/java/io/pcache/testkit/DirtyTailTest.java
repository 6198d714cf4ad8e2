package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.error.MediaFailureException;
import io.pcache.format.LogAddress;
import io.pcache.format.TailPosition;
import io.pcache.log.LogEnd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When the position up to which data is on the backing device is stored. */
class DirtyTailTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SEGMENTS = 8;

  private Runnable beforeWrite = () -> {};
  private final SteppedCaches caches = new SteppedCaches();
  private final CrashMedia media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
  private final SteppedCache cache = open();

  /** Where the log ended at first and after each commit. */
  private final List<LogAddress> heads = new ArrayList<>(List.of(head()));

  /** The first key of a data segment is committed at once: here it has been. */
  private SteppedCache open() {
    SteppedCache opened =
        SteppedCache.open(
            media,
            caches.store,
            caches.clock,
            SteppedCache.tuning(caches.clock, 1, 1),
            LogEnd.Writer.PCACHE,
            (offset, length) -> beforeWrite.run());
    opened.write(1000 * SECTOR, SECTOR, 1);
    opened.drain();
    return opened;
  }

  @AfterEach
  void discard() {
    caches.close();
  }

  private LogAddress head() {
    return cache.cache().snapshot().keyHead();
  }

  /** On media whose syncs cost nothing no agent has to work for it. */
  private void submit(SteppedRequest request) {
    cache.submit((BlockRequest) request);
    assertThat(request.isDone()).isTrue();
  }

  private void commit() {
    submit(SteppedCache.flushRequest());
    heads.add(head());
  }

  private void writeDurably(int sector, int sectors, int id) {
    submit(SteppedCache.writeRequest((long) sector * SECTOR, sectors * SECTOR, id));
    commit();
  }

  /** A key set of so many keys. */
  private void writeEverySecondSector(int keys) {
    for (int i = 0; i < keys; i++) {
      submit(SteppedCache.writeRequest(2L * i * SECTOR, SECTOR, i + 1));
    }
    commit();
  }

  private void writeBackOneKeySet() {
    LogAddress before = cache.cache().snapshot().dirtyTail();
    while (cache.cache().snapshot().dirtyTail().equals(before)) {
      stepWriteback();
    }
  }

  private void stepWriteback() {
    cache.step("write-back");
    cache.step("backing-submit");
    cache.step("backing-completion");
  }

  private LogAddress stored() {
    return TailPosition.dirtyTail(media, SEGMENTS).load();
  }

  private int onBackingDevice(int sector) {
    return SectorContent.idAt(caches.store.bytes(), (long) sector * SECTOR, sector);
  }

  @Test
  void smallKeySetsShareAStore() {
    for (int i = 0; i < 5; i++) {
      writeDurably(10 * i, 10, i + 1);
    }
    for (int i = 0; i < 5; i++) {
      writeBackOneKeySet();
      assertThat(onBackingDevice(10 * i + 9)).isEqualTo(i + 1);
      assertThat(stored()).isEqualTo(heads.getFirst());
    }
    assertThat(cache.cache().isClean()).isFalse();
    cache.step("write-back");
    assertThat(stored()).isEqualTo(heads.getLast());
    assertThat(cache.cache().isClean()).isTrue();
  }

  @Test
  void whatOverlapsAnEarlierKeySetIsWrittenWhenThatIsStored() {
    writeDurably(0, 10, 1);
    writeDurably(20, 10, 2);
    writeDurably(10, 10, 3);
    writeDurably(29, 10, 4);
    for (int i = 0; i < 3; i++) {
      writeBackOneKeySet();
      assertThat(stored()).isEqualTo(heads.getFirst());
    }
    writeBackOneKeySet();
    assertThat(onBackingDevice(29)).isEqualTo(4);
    assertThat(stored()).isEqualTo(heads.get(3));
  }

  @Test
  void aLargeKeySetIsStoredAtOnce() {
    writeEverySecondSector(65);
    writeDurably(1, 1, 1);
    writeBackOneKeySet();
    assertThat(stored()).isEqualTo(heads.get(1));
    writeBackOneKeySet();
    assertThat(stored()).isEqualTo(heads.get(1));
  }

  @Test
  void soManyKeysAreStored() {
    writeEverySecondSector(40);
    for (int i = 0; i < 30; i++) {
      writeDurably(2 * i + 1, 1, i + 1);
    }
    for (int i = 0; i < 25; i++) {
      writeBackOneKeySet();
      assertThat(stored()).isEqualTo(heads.getFirst());
    }
    writeBackOneKeySet();
    assertThat(stored()).isEqualTo(heads.get(25));
  }

  @Test
  void itIsStoredWhileTheBackingDeviceFails() {
    writeDurably(0, 1, 1);
    writeDurably(1, 1, 2);
    writeBackOneKeySet();
    caches.store.failWrites(1);
    cache.step("write-back");
    assertThat(cache.cache().snapshot().writeback()).isEqualTo("backing-off");
    cache.step("write-back");
    assertThat(stored()).isEqualTo(heads.get(1));
  }

  @Test
  void aKeySetInWhichTheCacheDeviceFailsIsNotPassed() {
    writeEverySecondSector(65);
    beforeWrite =
        () -> {
          beforeWrite = () -> {};
          throw new MediaFailureException("for the test", new IOException("for the test"));
        };
    for (int i = 0; i < 100; i++) {
      stepWriteback();
    }
    assertThat(cache.cache().writeRefusal()).isNotNull();
    assertThat(stored()).isEqualTo(heads.getFirst());
    assertThat(cache.cache().snapshot().dirtyTail()).isEqualTo(heads.getFirst());
  }

  @Test
  void itIsStoredBeforeWhatADamagedKeySetHeldIsLookedForInMemory() {
    writeDurably(0, 1, 1);
    writeDurably(0, 1, 2);
    damage(heads.get(1));
    writeBackOneKeySet();
    assertThat(stored()).isEqualTo(heads.getFirst());
    cache.step("write-back");
    assertThat(stored()).isEqualTo(heads.get(1));
    assertThat(onBackingDevice(0)).isEqualTo(1);
  }

  private void damage(LogAddress position) {
    long at =
        SteppedCaches.chain(media).dataOffset(position.cacheSegId()) + position.segOffsetBytes();
    media.write(at, MemorySegment.ofArray(new byte[8]), 0, 8);
  }
}
