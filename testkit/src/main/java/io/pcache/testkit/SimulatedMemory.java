package io.pcache.testkit;

import io.pcache.media.OrderedWords;
import io.pcache.media.SharedMemory;
import io.pcache.media.SharedMemoryPlace;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Simulated memory that outlives the process. A power cut leaves it as it is and makes it another
 * run of the machine: whoever takes it for memory of the present one gets it wrong.
 *
 * <p>Thread-safety: as {@link SharedMemory}; the methods of the simulation while nothing else is
 * under way.
 */
public final class SimulatedMemory implements SharedMemory, SharedMemoryPlace {
  private final MemorySegment bytes;
  private final BooleanSupplier isOff;
  private final Runnable listener;
  private final long bootId;
  private long storesLeft = Long.MAX_VALUE;

  /**
   * Memory of zeroes.
   *
   * @param isOff whether the process is dead, and nothing is stored any more
   * @param listener run before each store, and again behind it
   */
  public SimulatedMemory(long sizeBytes, BooleanSupplier isOff, Runnable listener) {
    this(MemorySegment.ofArray(new long[(int) (sizeBytes / Long.BYTES)]), isOff, listener, 1);
  }

  private SimulatedMemory(
      MemorySegment bytes, BooleanSupplier isOff, Runnable listener, long bootId) {
    this.bytes = bytes;
    this.isOff = isOff;
    this.listener = listener;
    this.bootId = bootId;
  }

  /** The same bytes for another process of the same run of the machine. */
  public SimulatedMemory kill(BooleanSupplier itsIsOff) {
    return new SimulatedMemory(bytes, itsIsOff, listener, bootId);
  }

  /** The same bytes after the machine was started anew. */
  public SimulatedMemory restartMachine(BooleanSupplier itsIsOff) {
    return new SimulatedMemory(bytes, itsIsOff, listener, bootId + 1);
  }

  /** A copy, to be tried out. */
  public SimulatedMemory fork(
      MemorySegment itsBytes, BooleanSupplier itsIsOff, Runnable itsListener) {
    itsBytes.copyFrom(bytes);
    return new SimulatedMemory(itsBytes, itsIsOff, itsListener, bootId);
  }

  /** Kills the process behind so many more stores. */
  public void killAfter(long stores) {
    storesLeft = stores;
  }

  /** Whether the process was killed by a store. */
  public boolean isOff() {
    return storesLeft <= 0;
  }

  @Override
  public SharedMemory open(UUID owner, long sizeBytes) {
    return this;
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  @Override
  public void store(long offsetBytes, long value) {
    if (isDead()) {
      throw new PowerCut("the process is dead");
    }
    listener.run();
    OrderedWords.store(bytes, offsetBytes, value);
    listener.run();
    if (--storesLeft == 0) {
      throw new PowerCut("the process is killed behind a store");
    }
  }

  private boolean isDead() {
    return isOff() || isOff.getAsBoolean();
  }

  @Override
  public UUID bootId() {
    return new UUID(0, bootId);
  }

  @Override
  public boolean outlivesProcess() {
    return true;
  }

  @Override
  public String describe() {
    return "simulated";
  }

  @Override
  public void remove() {
    if (!isDead()) {
      bytes.fill((byte) 0);
    }
  }

  @Override
  public void close() {
    // The bytes stay.
  }
}
