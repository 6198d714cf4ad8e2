package io.pcache;

/**
 * A range of the device that was set aside. Its newest data was damaged in the cache before it
 * could be written back. Reads of it fail until it is written again.
 *
 * @param offsetBytes start, a multiple of 512
 * @param lengthBytes length, a multiple of 512 above 0
 */
public record DamagedRange(long offsetBytes, long lengthBytes) {
  @Override
  public String toString() {
    return lengthBytes + " bytes at byte " + offsetBytes;
  }
}
