package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.media.ArrayMedia;
import org.junit.jupiter.api.Test;

class SegmentGenerationTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.GENERATION)
          .field("gen", SegmentGeneration.GEN_OFFSET, 8);

  private final ArrayMedia media = new ArrayMedia(16 << 10);
  private final SegmentGeneration generation = SegmentGeneration.at(media, 0);

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void missingReadsAsZero() {
    assertThat(generation.load()).isZero();
  }

  @Test
  void whatIsStoredIsLoaded() {
    generation.store(0x1_0000_0007L);
    assertThat(generation.load()).isEqualTo(0x1_0000_0007L);
    generation.store(0x1_0000_0008L);
    assertThat(generation.load()).isEqualTo(0x1_0000_0008L);
  }

  @Test
  void storingLeavesTheSyncToTheCaller() {
    generation.store(1);
    assertThat(media.events()).containsExactly("write 8192+16");
  }

  @Test
  void erasedReadsAsZero() {
    generation.store(5);
    generation.store(6);
    generation.erase();
    assertThat(generation.load()).isZero();
  }
}
