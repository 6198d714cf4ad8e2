package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.CacheInfo;
import io.pcache.format.Superblock;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Updates of cache_info on a running cache land where every loader looks, and nowhere else. */
class RecordSlotsTest {
  private static final long FIRST_SLOT = 8 << 10;
  private static final long SECOND_SLOT = 12 << 10;
  private static final int RECORD_BYTES = 24;
  private static final int GARBAGE = 0x5A;

  @Test
  @DisplayName(
      "hazards 1, 2: updates go to the two slots of 4 KiB in turn and leave the rest alone")
  void updatesAlternateBetweenTheTwoSlots() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      fill(media, FIRST_SLOT + RECORD_BYTES, SECOND_SLOT);
      fill(media, SECOND_SLOT + RECORD_BYTES, SECOND_SLOT + 4096);
      SteppedCache cache = caches.open(media);
      for (int percent = 10; percent <= 40; percent++) {
        MemorySegment before = media.view().asSlice(FIRST_SLOT, 8192);
        byte[] old = before.toArray(ValueLayout.JAVA_BYTE);
        cache.cache().setGcPercent(percent);
        long changed = media.view().asSlice(FIRST_SLOT, 8192).mismatch(MemorySegment.ofArray(old));
        assertThat(changed)
            .isBetween(percent % 2 == 0 ? 4096L : 0L, percent % 2 == 0 ? 4119L : 23L);
        assertThat(CacheInfo.load(media, Superblock.load(media)).gcPercent()).isEqualTo(percent);
      }
      assertRest(media, FIRST_SLOT + RECORD_BYTES, SECOND_SLOT);
      assertRest(media, SECOND_SLOT + RECORD_BYTES, SECOND_SLOT + 4096);
    }
  }

  @Test
  @DisplayName("hazard 3: a record is written whole, whatever its slot held")
  void aRecordIsWrittenWhole() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      fill(media, SECOND_SLOT, SECOND_SLOT + RECORD_BYTES);
      SteppedCache cache = caches.open(media);
      cache.cache().setGcPercent(50);
      MemorySegment record = media.view().asSlice(SECOND_SLOT, RECORD_BYTES);
      // version and reserved after the sequence number, and reserved at the end
      assertThat(record.asSlice(5, 3).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
      assertThat(record.asSlice(20, 4).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }
  }

  private static void fill(Media media, long from, long to) {
    MemorySegment garbage = MemorySegment.ofArray(new byte[(int) (to - from)]);
    media.write(from, garbage.fill((byte) GARBAGE), 0, to - from);
  }

  private static void assertRest(Media media, long from, long to) {
    assertThat(media.view().asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE))
        .containsOnly(GARBAGE);
  }
}
