package io.pcache.cache;

import io.pcache.block.BlockRequest;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings a range into the cache by reading it in chunks into memory of its own and dropping what it
 * read.
 */
final class Prefetch extends BlockRequest {
  private static final long CHUNK_BYTES = 1 << 20;

  private final ReadPath path;
  private final BlockRequest upper;
  private final BooleanSupplier closing;
  private final MemorySegment buffer;
  private final AtomicInteger turns = new AtomicInteger();
  private long nextBytes;

  /** Prepares the prefetch for {@code upper}, whose reference is taken over. */
  Prefetch(ReadPath path, BlockRequest upper, BooleanSupplier closing) {
    this.path = path;
    this.upper = upper;
    this.closing = closing;
    this.buffer = Arena.ofAuto().allocate(Math.min(CHUNK_BYTES, upper.lengthBytes()), 4096);
  }

  /**
   * Reads the next chunk. Whoever finds another thread, or itself, already reading leaves the turn
   * there, so that chunks that complete at once follow each other in a loop and not by recursion.
   */
  void readOn() {
    if (turns.getAndIncrement() > 0) {
      return;
    }
    do {
      nextChunk();
    } while (turns.decrementAndGet() > 0);
  }

  private void nextChunk() {
    long length = Math.min(buffer.byteSize(), upper.lengthBytes() - nextBytes);
    prepareRead(upper.offsetBytes() + nextBytes, buffer.asSlice(0, length));
    nextBytes += length;
    begin();
    path.read(this);
    release();
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    if (cause != null) {
      upper.fail(cause);
    } else if (closing.getAsBoolean()) {
      upper.fail(new ClosedException("the cache was closed during a prefetch"));
    }
    if (upper.hasFailed() || nextBytes == upper.lengthBytes()) {
      upper.release();
    } else {
      readOn();
    }
  }
}
