package io.pcache;

/**
 * A range of the device whose newest data was damaged in the cache before it could be written back,
 * and which was set aside: reading it fails until it is written anew.
 *
 * @param offsetBytes where it begins, a multiple of 512
 * @param lengthBytes how long it is, a multiple of 512 above 0
 */
public record DamagedRange(long offsetBytes, long lengthBytes) {
  @Override
  public String toString() {
    return lengthBytes + " bytes at byte " + offsetBytes;
  }
}
