package io.pcache.media;

import io.pcache.error.MediaFailureException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Media in an array that remember the order of what was done to them. Not thread-safe. */
public final class ArrayMedia implements Media {
  private final MemorySegment bytes;
  private final List<String> events = new ArrayList<>();

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
    events.add("write " + offsetBytes + "+" + lengthBytes);
    MemorySegment.copy(source, sourceOffsetBytes, bytes, offsetBytes, lengthBytes);
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    events.add("zero " + offsetBytes + "+" + lengthBytes);
    bytes.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
  }

  @Override
  public void recycle(long offsetBytes, long lengthBytes) {
    events.add("recycle " + offsetBytes + "+" + lengthBytes);
  }

  @Override
  public void sync() throws MediaFailureException {
    events.add("sync");
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
