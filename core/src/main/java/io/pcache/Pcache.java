package io.pcache;

import io.pcache.block.BlockDevice;
import java.lang.foreign.MemorySegment;

/**
 * A cache in front of a backing device, open in this process.
 *
 * <p>Thread-safety: all methods from any thread; {@link #close} once.
 */
public final class Pcache implements AutoCloseable {
  private Pcache() {}

  /**
   * Formats a cache device: allocates every block of a file and writes the superblock and metadata. Refuses a device that
   * holds anything known unless forced, and one that is in use always.
   */
  public static void format(FormatOptions options) {
    throw new UnsupportedOperationException("to come");
  }

  /** Opens a formatted cache and its backing device, recovers the cache, and starts its background agents. */
  public static Pcache open(OpenOptions options) {
    throw new UnsupportedOperationException("to come");
  }

  /** The cached device, for front ends. */
  public BlockDevice device() {
    throw new UnsupportedOperationException("to come");
  }

  /** Fills {@code destination} from the device. Blocks. */
  public void read(long offsetBytes, MemorySegment destination) {
    throw new UnsupportedOperationException("to come");
  }

  /** Writes {@code source} to the device. Blocks while the cache is full. Durable after the next {@link #flush}. */
  public void write(long offsetBytes, MemorySegment source) {
    throw new UnsupportedOperationException("to come");
  }

  /** Makes every completed write durable. Blocks. */
  public void flush() {
    throw new UnsupportedOperationException("to come");
  }

  /** What the cache looks like now. */
  public PcacheStatus status() {
    throw new UnsupportedOperationException("to come");
  }

  /**
   * Changes where reclaiming starts, durably.
   *
   * @param gcPercent 0–90
   */
  public void setGcPercent(int gcPercent) {
    throw new UnsupportedOperationException("to come");
  }

  /**
   * Writes everything dirty back to the backing device and returns when nothing dirty is left. Writes may go on meanwhile;
   * they are not waited for.
   */
  public void drain(DrainProgress progress) {
    throw new UnsupportedOperationException("to come");
  }

  /**
   * Closes in order: takes no more requests, finishes those in flight, flushes, stops the agents, and releases both
   * devices. Dirty data stays in the cache and is served next time.
   *
   * @throws io.pcache.error.PcacheException where the last flush failed; everything is released all the same
   */
  @Override
  public void close() {
    throw new UnsupportedOperationException("to come");
  }

  /**
   * Ends at once as a killed process would: nothing is flushed, keys that only memory holds are gone, the agents stop where
   * they are, and locks and descriptors are released, so that the same devices can be opened again. Requests in flight complete,
   * most of them with {@link io.pcache.error.ClosedException}; a write that fails so may have been carried out or not. For
   * crash tests; afterwards {@link #close} does nothing.
   */
  public void kill() {
    throw new UnsupportedOperationException("to come");
  }
}
