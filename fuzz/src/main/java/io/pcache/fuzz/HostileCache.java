package io.pcache.fuzz;

import io.pcache.block.BlockDevice;
import io.pcache.format.BadExtentList;
import io.pcache.format.CacheInfo;
import io.pcache.format.Identity;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.format.Superblock;
import io.pcache.format.TailPosition;
import io.pcache.format.TwoSlot;
import io.pcache.format.TwoSlotLayout;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;

/**
 * Turns an input into a cache device on which every checksum is right and any value may be wrong:
 * key sets at any place, tails that point anywhere, LAST key sets that lead in circles,
 * generations, chains. One byte chooses a step, those that follow are its values; most of them are
 * small, so that what belongs together often meets.
 */
final class HostileCache {
  /** How many segments the device has. */
  static final int SEGMENTS = 4;

  private static final int CHOICES = 12;
  private static final int RAW_ONE_IN = 16;
  private static final int MAX_STEPS = 200;

  /** Near the end, so that looking at the rest of the segment is quick. */
  private static final LogAddress START =
      new LogAddress(0, MediaLayout.DATA_AREA_BYTES - (32 << 10));

  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  private final FuzzMedia media;
  private final FuzzInput input;
  private LogAddress cursor = START;

  HostileCache(FuzzMedia media, FuzzInput input) {
    this.media = media;
    this.input = input;
  }

  /** Builds it. */
  void build() {
    media.format((input.u8() & 1) != 0);
    TailPosition.keyTail(media, SEGMENTS).storeDurably(START);
    TailPosition.dirtyTail(media, SEGMENTS).storeDurably(START);
    for (int step = 0; step < MAX_STEPS && input.hasMore(); step++) {
      step(input.u8());
    }
  }

  private void step(int choice) {
    switch (choice % CHOICES) {
      case 0, 1, 2 -> keySet(1 + input.u8() % (choice < 128 ? 6 : KeySetRecord.MAX_KEYS + 2));
      case 3 -> last(small(SEGMENTS));
      case 4 -> cursor = anyPosition();
      case 5 -> TailPosition.keyTail(media, SEGMENTS).storeDurably(cursor);
      case 6 -> TailPosition.dirtyTail(media, SEGMENTS).storeDurably(cursor);
      case 7 -> SegmentGeneration.at(media, segmentOffset()).store(generation());
      case 8 -> link(small(SEGMENTS), small(SEGMENTS));
      case 9 -> other(input.u8());
      case 10 -> media.poke(mediaOffset(cursor), input.take(input.u8()));
      default -> tail(choice);
    }
  }

  private void other(int choice) {
    switch (choice % 4) {
      case 0 -> new CacheInfo(small(SEGMENTS), SEGMENTS, input.u16() | 2).storeDurably(media);
      case 1 -> new Superblock(input.u8() & 2, small(SEGMENTS + 1)).store(media);
      case 2 ->
          BadExtentList.storeDurably(
              media, List.of(new BadExtentList.Range(anyOffset(), anyOffset())));
      default ->
          Identity.fresh("x")
              .boundTo(anyOffset(), Collections.nCopies(Identity.SAMPLES, 0))
              .storeDurably(media);
    }
  }

  private void tail(int choice) {
    TailPosition tail =
        choice < 128
            ? TailPosition.keyTail(media, SEGMENTS)
            : TailPosition.dirtyTail(media, SEGMENTS);
    tail.storeDurably(new LogAddress(input.u8() % (SEGMENTS + 1), input.u32()));
  }

  private void keySet(int keys) {
    int size = KeySetRecord.sizeBytes(keys);
    MemorySegment bytes = MemorySegment.ofArray(new long[size / Long.BYTES]);
    Key key = new Key();
    for (int i = 0; i < keys; i++) {
      key.range(anyOffset(), length())
          .flags(input.u8() % RAW_ONE_IN == 0 ? input.u32() : input.u8() & KeyRecord.CLEAN_FLAG)
          .place(small(SEGMENTS), segmentOffsetOfData())
          .generation(generation())
          .dataCrc(input.u8())
          .store(bytes, KeySetRecord.keyOffset(i));
    }
    KeySetRecord.seal(bytes, 0, keys);
    append(bytes);
    cursor = new LogAddress(cursor.cacheSegId(), cursor.segOffsetBytes() + size);
  }

  private void last(int next) {
    MemorySegment bytes = MemorySegment.ofArray(new long[KeySetRecord.HEADER_BYTES / Long.BYTES]);
    KeySetRecord.sealLast(bytes, 0, next);
    append(bytes);
    cursor = new LogAddress(Math.floorMod(next, SEGMENTS), 0);
  }

  private void append(MemorySegment bytes) {
    long room = media.sizeBytes() - mediaOffset(cursor);
    media.write(mediaOffset(cursor), bytes, 0, Math.min(room, bytes.byteSize()));
  }

  private void link(int segment, int next) {
    long at = MediaLayout.segmentOffset(Math.floorMod(segment, SEGMENTS));
    TwoSlot slots = new TwoSlot(media, TwoSlotLayout.SEGMENT_INFO, at);
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, SegmentChain.FLAGS_OFFSET, input.u8());
    record.set(LittleEndian.U32, SegmentChain.NEXT_SEG_OFFSET, next);
    slots.store(record);
  }

  /** Mostly below a bound, sometimes anything. */
  private int small(int bound) {
    int choice = input.u8();
    return choice == 0xFF ? input.u32() : choice % bound;
  }

  private long anyOffset() {
    int choice = input.u8();
    return choice % RAW_ONE_IN == 1 ? input.u64() : (long) (input.u16() % 16_384) * SECTOR;
  }

  private int length() {
    int choice = input.u8();
    return choice % RAW_ONE_IN == 1 ? input.u32() : (1 + choice / 4) * SECTOR;
  }

  private int segmentOffsetOfData() {
    int choice = input.u8();
    return choice % RAW_ONE_IN == 1 ? input.u32() : input.u16() % 32_744 * SECTOR;
  }

  private long generation() {
    int choice = input.u8();
    return choice % RAW_ONE_IN == 1 ? input.u64() : choice % 3;
  }

  private LogAddress anyPosition() {
    int segment = input.u8();
    int offset = Math.floorMod(input.u32(), MediaLayout.DATA_AREA_BYTES) & -Long.BYTES;
    return new LogAddress(
        segment % SEGMENTS, segment < 64 ? START.segOffsetBytes() : segment < 128 ? 0 : offset);
  }

  private long segmentOffset() {
    return MediaLayout.segmentOffset(input.u8() % SEGMENTS);
  }

  /** As long as segments are chained in order, which most inputs leave as it is. */
  private static long mediaOffset(LogAddress position) {
    return MediaLayout.segmentOffset(position.cacheSegId())
        + MediaLayout.SEGMENT_HEADER_BYTES
        + position.segOffsetBytes();
  }
}
