package io.pcache.testkit;

import io.pcache.format.LogAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A second reader of the log, its tails and the segments' generations, which shares no code with
 * the engine, so that tests can judge what the engine wrote and what it makes of it. Segments have
 * to be chained 0, 1, 2, … as every formatter so far does it.
 *
 * <p>{@link #read} leaves a key set in this object, for the accessors to take apart.
 *
 * <p>Thread-safety: none.
 */
public final class LogImage {
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final byte[] CRC_PREFIX = {0x68, 0x0E, (byte) 0xA7, 0x4A};

  private static final long KEY_TAIL_SLOTS = 16 << 10;
  private static final long DIRTY_TAIL_SLOTS = KEY_TAIL_SLOTS + 32;
  private static final int SLOT_BYTES = 16;
  private static final long FIRST_SEGMENT = 20 << 10;
  private static final long SEGMENT_BYTES = 16 << 20;
  private static final long GENERATION = 8 << 10;
  private static final long SEGMENT_HEADER_BYTES = 12 << 10;
  private static final long KSET_MAGIC = 0x676894A64E164F1AL;

  /** A key set's header. */
  public static final int KSET_HEADER_BYTES = 24;

  /** A key. */
  public static final int KEY_BYTES = 40;

  private static final int MAX_KEYS = 128;
  private static final int CLEAN = 2;

  private final MemorySegment image;
  private final CRC32C crc = new CRC32C();
  private final byte[] copy = new byte[KSET_HEADER_BYTES + MAX_KEYS * KEY_BYTES];
  private final MemorySegment keySet = MemorySegment.ofArray(copy);
  private int keys;
  private boolean last;
  private int nextSegment;
  private int sizeBytes;

  /** Reads an image; it may change between calls. */
  public LogImage(MemorySegment image) {
    this.image = image;
  }

  /** The newest valid key_tail. */
  public Optional<LogAddress> keyTail() {
    return position(KEY_TAIL_SLOTS);
  }

  /** The newest valid dirty_tail. */
  public Optional<LogAddress> dirtyTail() {
    return position(DIRTY_TAIL_SLOTS);
  }

  private Optional<LogAddress> position(long slots) {
    long newest = newestSlot(slots);
    return newest < 0
        ? Optional.empty()
        : Optional.of(new LogAddress(image.get(U32, newest + 8), image.get(U32, newest + 12)));
  }

  /** A segment's generation, 0 where none was ever stored. */
  public long generation(int segment) {
    long newest = newestSlot(FIRST_SEGMENT + segment * SEGMENT_BYTES + GENERATION);
    return newest < 0 ? 0 : image.get(U64, newest + 8);
  }

  private long newestSlot(long slots) {
    boolean first = isValid(slots, SLOT_BYTES);
    boolean second = isValid(slots + SLOT_BYTES, SLOT_BYTES);
    if (!first && !second) {
      return -1;
    }
    byte step = (byte) (sequence(slots + SLOT_BYTES) - sequence(slots));
    return first && (!second || step < 0) ? slots : slots + SLOT_BYTES;
  }

  private int sequence(long slot) {
    return image.get(ValueLayout.JAVA_BYTE, slot + 4);
  }

  /** Where a byte of a segment's data area lies in the image. */
  public static long dataOffset(int segment, int offsetBytes) {
    return FIRST_SEGMENT + segment * SEGMENT_BYTES + SEGMENT_HEADER_BYTES + offsetBytes;
  }

  /**
   * Whether a whole valid key set lies at a position, with room for a header behind it; if so, it
   * is the one to be taken apart.
   */
  public boolean read(LogAddress position) {
    long at = dataOffset(position.cacheSegId(), position.segOffsetBytes());
    long room = SEGMENT_BYTES - SEGMENT_HEADER_BYTES - position.segOffsetBytes();
    if (room < KSET_HEADER_BYTES || image.get(U64, at + 8) != KSET_MAGIC) {
      return false;
    }
    last = (image.get(U64, at + 16) & 1) != 0;
    int second = image.get(U32, at + 4);
    keys = last ? 0 : second;
    nextSegment = second;
    sizeBytes = KSET_HEADER_BYTES + keys * KEY_BYTES;
    long needed = last ? sizeBytes : sizeBytes + KSET_HEADER_BYTES;
    return keys >= 0 && keys <= MAX_KEYS && needed <= room && isValid(at, sizeBytes);
  }

  private boolean isValid(long at, int lengthBytes) {
    MemorySegment.copy(image, ValueLayout.JAVA_BYTE, at, copy, 0, lengthBytes);
    crc.reset();
    crc.update(CRC_PREFIX, 0, CRC_PREFIX.length);
    crc.update(copy, Integer.BYTES, lengthBytes - Integer.BYTES);
    return (int) ~crc.getValue() == keySet.get(U32, 0);
  }

  /** Where the log goes on after the key set that was read at {@code position}. */
  public LogAddress after(LogAddress position) {
    return last
        ? new LogAddress(nextSegment, 0)
        : new LogAddress(position.cacheSegId(), position.segOffsetBytes() + sizeBytes);
  }

  /** Whether it is a LAST key set. */
  public boolean isLast() {
    return last;
  }

  /** How many keys it has. */
  public int keys() {
    return keys;
  }

  /** Logical byte offset of key {@code i}. */
  public long off(int i) {
    return keySet.get(U64, key(i));
  }

  /** Length of key {@code i} in bytes. */
  public int len(int i) {
    return keySet.get(U32, key(i) + 8);
  }

  /** Whether key {@code i} was filled by a read miss. */
  public boolean isClean(int i) {
    return (keySet.get(U32, key(i) + 12) & CLEAN) != 0;
  }

  /** The segment that key {@code i} names. */
  public int segment(int i) {
    return keySet.get(U32, key(i) + 16);
  }

  /** Where in that segment's data area its bytes begin. */
  public int segmentOffset(int i) {
    return keySet.get(U32, key(i) + 20);
  }

  /** The segment's generation when key {@code i} was made. */
  public long segmentGeneration(int i) {
    return keySet.get(U64, key(i) + 24);
  }

  private static long key(int i) {
    return KSET_HEADER_BYTES + (long) i * KEY_BYTES;
  }
}
