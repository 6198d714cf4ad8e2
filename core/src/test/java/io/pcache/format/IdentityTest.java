package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IdentityTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.IDENTITY)
          .field("magic", 8, 8)
          .field("record version", 16, 4)
          .field("state", 20, 4)
          .field("uuid", 24, 16)
          .field("backing bytes", 40, 8)
          .field("key_head segment", 48, 4)
          .field("key_head offset", 52, 4)
          .field("opened", 56, 8)
          .field("label", 64, 64)
          .field("samples", 128, 128)
          .field("sample mask", 256, 8)
          .field("key_tail segment", 264, 4)
          .field("key_tail offset", 268, 4)
          .field("dirty_tail segment", 272, 4)
          .field("dirty_tail offset", 276, 4)
          .field("cut to bytes", 280, 8)
          .field("staging folder", 288, 512)
          .field("unused", 800, 224);

  private static final LogBounds BOUNDS =
      new LogBounds(new LogAddress(1, 24), new LogAddress(2, 48), new LogAddress(3, 64));

  private static final List<Integer> SAMPLES =
      IntStream.range(0, Identity.SAMPLES).mapToObj(i -> i * 0x01010101).toList();

  private final ArrayMedia media = new ArrayMedia(MediaLayout.SEGMENTS_OFFSET);

  private static Identity full() {
    return Identity.fresh("the label")
        .boundTo(1L << 41, SAMPLES)
        .closedAt(BOUNDS)
        .openedAt(new Identity.Opening(1_700_000_000_000L, "/run/a folder"))
        .withSampleMask(0x8000_0001L)
        .cutTo(1L << 33);
  }

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void whatIsStoredIsLoaded() {
    Identity identity = full();
    identity.storeDurably(media);
    assertThat(Identity.load(media)).contains(identity);
    Identity closed = identity.closedAt(BOUNDS);
    closed.storeDurably(media);
    assertThat(Identity.load(media)).contains(closed);
  }

  @Test
  void aCacheThatWasCutWhileItWasServedIsRefused() {
    assertThatThrownBy(full()::refuseIfCut)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContainingAll("was cut to 8589934592 bytes", "from a copy");
    Identity.fresh("another").refuseIfCut();
  }

  @Test
  void theFieldsLieWhereTheLayoutSays() {
    Identity identity = full();
    identity.storeDurably(media);
    MemorySegment record = media.view();
    assertThat(record.asSlice(8, 8).toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo("pJPCACHE".getBytes(StandardCharsets.US_ASCII));
    assertThat(record.get(LittleEndian.U32, 16)).isEqualTo(1);
    assertThat(record.get(LittleEndian.U32, 20)).isEqualTo(2);
    assertThat(record.get(LittleEndian.U64, 24))
        .isEqualTo(identity.uuid().getMostSignificantBits());
    assertThat(record.get(LittleEndian.U64, 32))
        .isEqualTo(identity.uuid().getLeastSignificantBits());
    assertThat(record.get(LittleEndian.U64, 40)).isEqualTo(1L << 41);
    assertThat(record.get(LittleEndian.U32, 48)).isEqualTo(3);
    assertThat(record.get(LittleEndian.U32, 52)).isEqualTo(64);
    assertThat(record.get(LittleEndian.U32, 264)).isEqualTo(1);
    assertThat(record.get(LittleEndian.U32, 268)).isEqualTo(24);
    assertThat(record.get(LittleEndian.U32, 272)).isEqualTo(2);
    assertThat(record.get(LittleEndian.U32, 276)).isEqualTo(48);
    assertThat(record.get(LittleEndian.U64, 56)).isEqualTo(1_700_000_000_000L);
    assertThat(record.getString(64)).isEqualTo("the label");
    assertThat(record.getString(288)).isEqualTo("/run/a folder");
    assertThat(record.get(LittleEndian.U32, 128 + 31 * 4)).isEqualTo(31 * 0x01010101);
    assertThat(record.get(LittleEndian.U64, 256)).isEqualTo(0x8000_0001L);
  }

  @Test
  void whatIsNotUsedIsZero() {
    media.bytes().fill((byte) 0xFF);
    Identity.fresh(null).storeDurably(media);
    assertThat(media.view().asSlice(264, 760).mismatch(MemorySegment.ofArray(new byte[760])))
        .isEqualTo(-1);
    assertThat(media.view().asSlice(64, 64).mismatch(MemorySegment.ofArray(new byte[64])))
        .isEqualTo(-1);
  }

  @Test
  void theTwoSlotsStayWithinTheFirstPage() {
    full().storeDurably(media);
    full().storeDurably(media);
    assertThat(media.events()).containsExactly("write 0+1024", "sync", "write 2048+1024", "sync");
  }

  @Test
  void aDeviceWithoutOneHasNoIdentity() {
    assertThat(Identity.load(media)).isEmpty();
  }

  @Test
  void aRecordOfSomebodyElseIsNoIdentity() {
    TwoSlot slots = new TwoSlot(media, TwoSlotLayout.IDENTITY, MediaLayout.IDENTITY_OFFSET);
    slots.store(slots.newRecord());
    assertThat(slots.load()).isPresent();
    assertThat(Identity.load(media)).isEmpty();
  }

  @Test
  void aLaterVersionIsRefused() {
    full().storeDurably(media);
    TwoSlot slots = new TwoSlot(media, TwoSlotLayout.IDENTITY, MediaLayout.IDENTITY_OFFSET);
    MemorySegment record = slots.load().orElseThrow();
    record.set(LittleEndian.U32, 16, 2);
    slots.store(record);
    assertThatThrownBy(() -> Identity.load(media))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessage("identity record: version 2 found, 1 expected; use a later pcache");
  }

  @Test
  void theLongestLabelSurvives() {
    String label = "ü".repeat(Identity.MAX_LABEL_BYTES / 2);
    Identity.fresh(label).storeDurably(media);
    assertThat(Identity.load(media).orElseThrow().label()).isEqualTo(label);
  }

  @Test
  void aStagingFolderWithTooLongANameIsLeftOut() {
    String longest = "ü".repeat(256);
    Identity.fresh(null).openedAt(new Identity.Opening(1, longest)).storeDurably(media);
    assertThat(Identity.load(media).orElseThrow().opening().stagingFolder()).isEqualTo(longest);
    assertThat(new Identity.Opening(1, longest + "/").stagingFolder()).isEmpty();
  }

  @Test
  void anIdentityThatIsOverwrittenWithZeroesIsGone() {
    full().storeDurably(media);
    full().storeDurably(media);
    media.zero(0, MediaLayout.SUPERBLOCK_OFFSET);
    assertThat(Identity.load(media)).isEmpty();
  }

  @Test
  void aFreshIdentityIsClosedAndBelongsToNoBackingDevice() {
    Identity fresh = Identity.fresh(null);
    assertThat(fresh.isBound()).isFalse();
    assertThat(fresh.open()).isFalse();
    assertThat(fresh.uuid()).isNotEqualTo(Identity.fresh(null).uuid());
  }

  @Test
  void aBoundIdentityCountsAllSamples() {
    Identity bound = Identity.fresh(null).boundTo(512, SAMPLES);
    assertThat(bound.sampleMask()).isEqualTo(0xFFFF_FFFFL);
    assertThat(bound.isBound()).isTrue();
  }
}
