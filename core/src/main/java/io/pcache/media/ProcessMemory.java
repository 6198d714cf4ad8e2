package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.util.UUID;

/** The fallback if no memory that outlives the process is available. */
public final class ProcessMemory implements SharedMemory {
  private static final UUID NO_BOOT = new UUID(0, 0);

  private final MemorySegment bytes;
  private final String why;

  /**
   * Allocates zeroed memory.
   *
   * @param sizeBytes a multiple of 8
   * @param why why no memory that outlives the process is used
   */
  public ProcessMemory(long sizeBytes, String why) {
    this.bytes = MemorySegment.ofArray(new long[Math.toIntExact(sizeBytes / Long.BYTES)]);
    this.why = why;
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  @Override
  public UUID bootId() {
    return NO_BOOT;
  }

  @Override
  public boolean outlivesProcess() {
    return false;
  }

  @Override
  public String describe() {
    return why;
  }

  @Override
  public void remove() {
    // The memory ends with the process.
  }

  @Override
  public void close() {
    // The garbage collector frees it.
  }
}
