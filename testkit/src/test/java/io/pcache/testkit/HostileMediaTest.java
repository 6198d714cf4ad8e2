package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.PcacheException;
import io.pcache.format.CacheInfo;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.Superblock;
import io.pcache.format.TailPosition;
import io.pcache.format.TwoSlot;
import io.pcache.format.TwoSlotLayout;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Impossible numbers under valid checksums: each is refused with its name, value and bound. */
class HostileMediaTest {
  private static final int SEGMENTS = 4;
  private static final long DEVICE = SteppedCaches.STORE_BYTES;
  private static final int AREA = MediaLayout.DATA_AREA_BYTES;
  private static final LogAddress START = new LogAddress(0, 0);

  static Stream<Arguments> impossibleKeys() {
    return Stream.of(
        arguments(new LogKey(0, 0, 0, 1, 0, 0), "len"),
        arguments(new LogKey(0, 100, 0, 1, 0, 0), "len 100"),
        arguments(new LogKey(0, -512, 0, 1, 0, 0), "len 4294966784"),
        arguments(new LogKey(8, 512, 0, 1, 0, 0), "off 8"),
        arguments(new LogKey(-512, 512, 0, 1, 0, 0), "off -512"),
        arguments(new LogKey(DEVICE, 512, 0, 1, 0, 0), "off " + DEVICE),
        arguments(new LogKey(DEVICE - 512, 1024, 0, 1, 0, 0), "off " + (DEVICE - 512)),
        arguments(new LogKey(Long.MAX_VALUE - 511, 1024, 0, 1, 0, 0), "off "),
        arguments(new LogKey((4 << 20) - 512, 1024, 0, 1, 0, 0), "4 MiB"),
        arguments(new LogKey(0, 512, 0, SEGMENTS, 0, 0), "cache_seg_id 4"),
        arguments(new LogKey(0, 512, 0, -1, 0, 0), "cache_seg_id 4294967295"),
        arguments(new LogKey(0, 512, 0, 1, AREA, 0), "cache_seg_off"),
        arguments(new LogKey(0, 4096, 0, 1, AREA - 512, 0), "cache_seg_off"),
        arguments(new LogKey(0, 512, 0, 1, -512, 0), "cache_seg_off"),
        arguments(new LogKey(0, 512, 0, 1, 8, 0), "cache_seg_off 8"),
        arguments(new LogKey(0, 512, 1, 1, 0, 0), "EMPTY"));
  }

  enum BadRecord {
    SEG_NUM_TOO_HIGH("seg_num 5") {
      @Override
      void put(Media media) {
        new Superblock(0, SEGMENTS + 1).store(media);
      }
    },
    SEG_NUM_ZERO("seg_num 0") {
      @Override
      void put(Media media) {
        new Superblock(0, 0).store(media);
      }
    },
    SEG_NUM_NEGATIVE("seg_num 4294967295") {
      @Override
      void put(Media media) {
        new Superblock(0, -1).store(media);
      }
    },
    N_SEGS_OTHER("n_segs 3") {
      @Override
      void put(Media media) {
        CacheInfo.fresh(SEGMENTS - 1, false).storeDurably(media);
      }
    },
    FIRST_SEGMENT_TOO_HIGH("seg_id 4") {
      @Override
      void put(Media media) {
        new CacheInfo(SEGMENTS, SEGMENTS, CacheInfo.fresh(SEGMENTS, false).flags())
            .storeDurably(media);
      }
    },
    GC_PERCENT_TOO_HIGH("gc_percent 127") {
      @Override
      void put(Media media) {
        CacheInfo.fresh(SEGMENTS, false).withGcPercent(127).storeDurably(media);
      }
    },
    KEY_TAIL_SEGMENT("key_tail") {
      @Override
      void put(Media media) {
        TailPosition.keyTail(media, SEGMENTS).storeDurably(new LogAddress(SEGMENTS, 0));
      }
    },
    KEY_TAIL_OFFSET("key_tail") {
      @Override
      void put(Media media) {
        TailPosition.keyTail(media, SEGMENTS).storeDurably(new LogAddress(0, AREA + 8));
      }
    },
    DIRTY_TAIL_NEGATIVE("dirty_tail") {
      @Override
      void put(Media media) {
        TailPosition.dirtyTail(media, SEGMENTS).storeDurably(new LogAddress(0, -8));
      }
    },
    NEXT_SEGMENT_TOO_HIGH("segment chain") {
      @Override
      void put(Media media) {
        link(media, 1, SEGMENTS);
      }
    },
    CHAIN_THAT_LOOPS("segment chain") {
      @Override
      void put(Media media) {
        link(media, 2, 0);
      }
    };

    private final String named;

    BadRecord(String named) {
      this.named = named;
    }

    abstract void put(Media media);

    private static void link(Media media, int segment, int next) {
      TwoSlot slots =
          new TwoSlot(media, TwoSlotLayout.SEGMENT_INFO, MediaLayout.segmentOffset(segment));
      MemorySegment record = slots.newRecord();
      record.set(LittleEndian.U32, SegmentChain.FLAGS_OFFSET, 3);
      record.set(LittleEndian.U32, SegmentChain.NEXT_SEG_OFFSET, next);
      slots.storeDurably(record);
    }
  }

  @ParameterizedTest
  @MethodSource("impossibleKeys")
  @DisplayName("hazard 4: an impossible key is refused by name, value and bound")
  void anImpossibleKeyIsRefused(LogKey bad, String named) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
      new HandmadeLog(media).keySet(START, List.of(new LogKey(0, 512, 0, 1, 0, 0), bad));
      assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("key 1 of the key set at 0:0")
          .hasMessageContaining(named);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 4: an impossible number in a record is refused by name")
  void anImpossibleRecordIsRefused(BadRecord bad) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
      bad.put(media);
      assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining(bad.named);
    }
  }

  @Test
  @DisplayName("hazard 4: a LAST key set that names no segment is refused")
  void aLastKeySetThatLeadsNowhereIsRefused() {
    for (int next : new int[] {SEGMENTS, -1, Integer.MIN_VALUE}) {
      try (SteppedCaches caches = new SteppedCaches()) {
        Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
        new HandmadeLog(media).last(START, next);
        assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
            .isInstanceOf(CorruptMediaException.class)
            .hasMessageContaining("next segment " + Integer.toUnsignedLong(next));
      }
    }
  }

  @Test
  @DisplayName("hazard 5: LAST key sets that lead in a circle are refused, from either tail")
  void aLogThatLoopsIsRefused() {
    for (boolean fromDirtyTail : new boolean[] {false, true}) {
      try (SteppedCaches caches = new SteppedCaches()) {
        Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
        HandmadeLog log = new HandmadeLog(media);
        log.last(new LogAddress(2, 0), 3);
        LogAddress after =
            log.keySet(new LogAddress(3, 0), List.of(new LogKey(0, 512, 0, 1, 0, 0)));
        log.last(after, 2);
        TailPosition tail =
            fromDirtyTail
                ? TailPosition.dirtyTail(media, SEGMENTS)
                : TailPosition.keyTail(media, SEGMENTS);
        tail.storeDurably(new LogAddress(2, 0));
        assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
            .isInstanceOf(CorruptMediaException.class)
            .hasMessageContaining("comes to segment 2 twice");
      }
    }
  }

  @Test
  @DisplayName("hazard 5: a log that comes back and ends before its own beginning is refused")
  void aLogThatEndsBeforeItsBeginningIsRefused() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
      LogAddress begin = new LogAddress(0, AREA - (32 << 10));
      TailPosition.keyTail(media, SEGMENTS).storeDurably(begin);
      TailPosition.dirtyTail(media, SEGMENTS).storeDurably(begin);
      HandmadeLog log = new HandmadeLog(media);
      log.last(begin, 1);
      log.last(new LogAddress(1, 0), 0);
      assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("comes to segment 0 twice");
    }
  }

  @Test
  @DisplayName("hazard 6: a key set that runs past its segment is not read, and is damage")
  void aKeySetPastItsSegmentIsDamage() {
    for (int room = 24; room < 24 + 3 * 40; room += 8) {
      try (SteppedCaches caches = new SteppedCaches()) {
        // The last segment, so that what lies behind it is the end of the media.
        Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
        LogAddress at = new LogAddress(SEGMENTS - 1, AREA - room);
        TailPosition.keyTail(media, SEGMENTS).storeDurably(at);
        TailPosition.dirtyTail(media, SEGMENTS).storeDurably(at);
        MemorySegment header = MemorySegment.ofArray(new long[KeySetRecord.sizeBytes(3) / 8]);
        KeySetRecord.seal(header, 0, 3);
        media.write(
            SteppedCaches.chain(media).dataOffset(SEGMENTS - 1) + at.segOffsetBytes(),
            header,
            0,
            KeySetRecord.HEADER_BYTES);
        assertThatThrownBy(() -> caches.open(media))
            .isInstanceOf(PcacheException.class)
            .hasMessageContaining("damaged at " + at);
      }
    }
  }

  @Test
  @DisplayName("hazards 4, 6: a key set of more than 128 keys is none")
  void aKeySetWithTooManyKeysIsDamage() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
      new HandmadeLog(media)
          .keySet(START, Collections.nCopies(129, new LogKey(0, 512, 0, 1, 0, 0)));
      assertThatThrownBy(() -> caches.open(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("damaged at 0:0");
    }
  }
}
