package io.pcache.media;

import io.pcache.error.MediaFailureException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Media in an array that remember the order of what was done to them. Not thread-safe. */
public final class ArrayMedia implements Media {
  private final MemorySegment bytes;
  private final List<String> events = new ArrayList<>();
  private int stepsLeft = Integer.MAX_VALUE;

  /**
   * Creates media of zeroes.
   *
   * @param sizeBytes a multiple of 8
   */
  public ArrayMedia(long sizeBytes) {
    bytes = MemorySegment.ofArray(new long[(int) (sizeBytes / Long.BYTES)]);
  }

  /** For tests that damage or prepare what lies there, unrecorded. */
  public MemorySegment bytes() {
    return bytes;
  }

  /** What was done, oldest first: {@code write OFFSET+LENGTH}, {@code zero …}, {@code sync}. */
  public List<String> events() {
    return events;
  }

  /** Lets so many changes and syncs pass, then fails all later ones without carrying them out. */
  public void failAfter(int steps) {
    stepsLeft = steps;
  }

  private void step(String event) {
    if (stepsLeft == 0) {
      throw new MediaFailureException("for the test: no more steps");
    }
    stepsLeft--;
    events.add(event);
  }

  @Override
  public long sizeBytes() {
    return bytes.byteSize();
  }

  @Override
  public MemorySegment view() {
    return bytes.asReadOnly();
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    step("write " + offsetBytes + "+" + lengthBytes);
    MemorySegment.copy(source, sourceOffsetBytes, bytes, offsetBytes, lengthBytes);
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    step("zero " + offsetBytes + "+" + lengthBytes);
    bytes.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
  }

  @Override
  public void recycle(long offsetBytes, long lengthBytes) {
    step("recycle " + offsetBytes + "+" + lengthBytes);
  }

  @Override
  public void sync() {
    step("sync");
  }

  @Override
  public boolean syncMayBlock() {
    return false;
  }

  @Override
  public MediaKind kind() {
    return MediaKind.SIMULATED;
  }

  @Override
  public void close() {}
}
