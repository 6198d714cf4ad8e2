package io.pcache.log;

import io.pcache.format.Key;

/**
 * A check value beside each staged key. A key that was damaged in shared memory, or is left from an
 * earlier use of its slot, does not match. It is no protection against intent: whoever may write to
 * the memory may write to the cache as well.
 */
final class StagedKeyCheck {
  /** Odd, with no pattern in their bits, so that each bit of a field changes many of the sum. */
  private static final long OFFSET_FACTOR = 0x9E37_79B9_7F4A_7C15L;

  private static final long LENGTH_FACTOR = 0xBF58_476D_1CE4_E5B9L;
  private static final long PLACE_FACTOR = 0x94D0_49BB_1331_11EBL;
  private static final long GENERATION_FACTOR = 0xD6E8_FEB8_6659_FD93L;
  private static final long CRC_FACTOR = 0xA076_1D64_78BD_642FL;
  private static final long SEQUENCE_FACTOR = 0xE703_7ED1_A0B4_28DBL;

  private StagedKeyCheck() {}

  /**
   * Computes the check value of a key.
   *
   * @param sequence of the slot's present use
   */
  static int of(Key key, long sequence) {
    long length = ((long) key.lengthBytes() << 1) | (key.isClean() ? 1 : 0);
    long place =
        ((long) key.cacheSegId() << Integer.SIZE) | Integer.toUnsignedLong(key.segOffsetBytes());
    long sum =
        key.offsetBytes() * OFFSET_FACTOR
            + length * LENGTH_FACTOR
            + place * PLACE_FACTOR
            + key.generation() * GENERATION_FACTOR
            + key.dataCrc() * CRC_FACTOR
            + (sequence + 1) * SEQUENCE_FACTOR;
    long mixed = (sum ^ (sum >>> Integer.SIZE)) * OFFSET_FACTOR;
    return (int) (mixed >>> Integer.SIZE);
  }
}
