package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.util.UUID;

/** Memory of this process alone: the fallback if none that outlives it is available. */
public final class ProcessMemory implements SharedMemory {
  private static final UUID NO_BOOT = new UUID(0, 0);

  private final MemorySegment bytes;
  private final UUID bootId;
  private final String why;

  /**
   * Allocates zeroed memory.
   *
   * @param sizeBytes a multiple of 8
   * @param why why no memory that outlives the process is used
   */
  public ProcessMemory(long sizeBytes, String why) {
    this(sizeBytes, NO_BOOT, why);
  }

  private ProcessMemory(long sizeBytes, UUID bootId, String why) {
    this.bytes = MemorySegment.ofArray(new long[Math.toIntExact(sizeBytes / Long.BYTES)]);
    this.bootId = bootId;
    this.why = why;
  }

  /** Copies memory that outlives the process. */
  static ProcessMemory copyOf(MemorySegment original, UUID bootId, String why) {
    ProcessMemory copy = new ProcessMemory(original.byteSize(), bootId, why);
    copy.bytes.copyFrom(original);
    return copy;
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  @Override
  public UUID bootId() {
    return bootId;
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
