package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The superblock: one copy of 24 bytes at 4 KiB. Only formatting, or a repair that rebuilds it,
 * writes it.
 *
 * <pre>
 *   0        4        8                16       20       24
 *   ├────────┼────────┼────────────────┼────────┼────────┤
 *   │ crc    │ flags  │ magic          │ seg_num│ padding│
 *   └────────┴────────┴────────────────┴────────┴────────┘
 * </pre>
 *
 * @param flags u32; bit 0 means big-endian, which is refused
 * @param segNum u32, number of segments on the device, 1 to 1,048,576
 */
public record Superblock(int flags, int segNum) {
  /** The last sentence of a message about a cache device that was cut. */
  static final String WHO_HAS_THE_DATA =
      "The backing device has everything if the last stop left nothing dirty in the cache; otherwise it lacks what only the cache held";

  /** u32 crc over bytes 4–23, padding included as found. */
  public static final int CRC_OFFSET = 0;

  /** u32 flags. */
  public static final int FLAGS_OFFSET = 4;

  /** u64 magic. */
  public static final int MAGIC_OFFSET = 8;

  /** u32 seg_num. */
  public static final int SEG_NUM_OFFSET = 16;

  /** The record's size, including 4 bytes of padding at its end. */
  public static final int SIZE_BYTES = 24;

  /** The value at {@link #MAGIC_OFFSET}; 0 there means never formatted. */
  public static final long MAGIC = 0x65B05EFA96C596EFL;

  private static final int BIG_ENDIAN_FLAG = 1;

  /**
   * Returns whether a device is marked as a cache: it has room for the records, and the
   * superblock's magic is there.
   */
  public static boolean isPresent(MemorySegment view) {
    return view.byteSize() >= MediaLayout.SUPERBLOCK_OFFSET + SIZE_BYTES
        && view.get(LittleEndian.U64, MediaLayout.SUPERBLOCK_OFFSET + MAGIC_OFFSET) == MAGIC;
  }

  /** Returns whether magic and checksum are right, whatever the values. */
  static boolean isIntact(MemorySegment view) {
    if (!isPresent(view)) {
      return false;
    }
    MemorySegment copy = copyOf(view);
    return copy.get(LittleEndian.U32, CRC_OFFSET) == checksum(copy);
  }

  private static MemorySegment copyOf(MemorySegment view) {
    MemorySegment copy = MemorySegment.ofArray(new long[SIZE_BYTES / Long.BYTES]);
    MemorySegment.copy(view, MediaLayout.SUPERBLOCK_OFFSET, copy, 0, SIZE_BYTES);
    return copy;
  }

  private static int checksum(MemorySegment record) {
    return Checksum.of(record, FLAGS_OFFSET, SIZE_BYTES - FLAGS_OFFSET);
  }

  /**
   * Reads and checks the superblock.
   *
   * @throws UnsupportedFormatException if there is none, or it is big-endian
   * @throws CorruptMediaException if its checksum or seg_num is wrong
   */
  public static Superblock load(Media media) {
    if (!isPresent(media.view())) {
      throw new UnsupportedFormatException(
          "no cache found: the superblock's magic is absent at byte 4096; give a device that was formatted as a cache");
    }
    MemorySegment copy = copyOf(media.view());
    int found = copy.get(LittleEndian.U32, CRC_OFFSET);
    int expected = checksum(copy);
    if (found != expected) {
      throw new CorruptMediaException(
          "superblock at byte 4096: checksum %08x found, %08x expected; 'pcache repair' says what can be restored"
              .formatted(found, expected));
    }
    return checked(copy, media.sizeBytes());
  }

  /**
   * Returns the superblock, or empty if it is absent or damaged.
   *
   * @throws UnsupportedFormatException if it is intact and big-endian
   * @throws CorruptMediaException if it is intact and its seg_num is wrong
   */
  public static Optional<Superblock> find(Media media) {
    return isIntact(media.view())
        ? Optional.of(checked(copyOf(media.view()), media.sizeBytes()))
        : Optional.empty();
  }

  private static Superblock checked(MemorySegment copy, long deviceBytes) {
    Superblock superblock =
        new Superblock(
            copy.get(LittleEndian.U32, FLAGS_OFFSET), copy.get(LittleEndian.U32, SEG_NUM_OFFSET));
    if ((superblock.flags & BIG_ENDIAN_FLAG) != 0) {
      throw new UnsupportedFormatException(
          "superblock: a cache written by a big-endian machine is not supported");
    }
    int fits = MediaLayout.segmentsOn(deviceBytes);
    if (superblock.segNum > fits) {
      throw new CorruptMediaException(cutShort(superblock.segNum, deviceBytes));
    }
    if (superblock.segNum < 1) {
      throw new CorruptMediaException(
          "superblock: seg_num %d found, 1 to %d expected on a device of %d bytes"
              .formatted(Integer.toUnsignedLong(superblock.segNum), fits, deviceBytes));
    }
    return superblock;
  }

  /**
   * Describes a truncated device. Extending it again would only add zeroes, so the message does not
   * suggest it.
   */
  private static String cutShort(int segNum, long deviceBytes) {
    int fits = MediaLayout.segmentsOn(deviceBytes);
    return ("superblock: seg_num %d found, 1 to %d expected on a device of %d bytes: it was cut short; put back all of it, at least"
            + " %d bytes, from a copy. Without one, make a new cache on another device, and keep this one: what lies before its end is still"
            + " on it. "
            + WHO_HAS_THE_DATA)
        .formatted(segNum, fits, deviceBytes, MediaLayout.segmentOffset(segNum));
  }

  /** Writes this superblock. Not synced. */
  public void store(Media media) {
    MemorySegment record = MemorySegment.ofArray(new long[SIZE_BYTES / Long.BYTES]);
    record.set(LittleEndian.U32, FLAGS_OFFSET, flags);
    record.set(LittleEndian.U64, MAGIC_OFFSET, MAGIC);
    record.set(LittleEndian.U32, SEG_NUM_OFFSET, segNum);
    record.set(LittleEndian.U32, CRC_OFFSET, checksum(record));
    media.write(MediaLayout.SUPERBLOCK_OFFSET, record, 0, SIZE_BYTES);
  }
}
