package io.pcache.cache.request;

import io.pcache.block.BlockRequest;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a range into the cache chunk by chunk. So a large prefetch uses no more of the backing
 * device than a read does.
 */
public final class Prefetch extends BlockRequest {
  private static final long CHUNK_BYTES = 1 << 20;

  private final ReadPath path;
  private final BlockRequest parent;
  private final BooleanSupplier closing;
  private final AtomicInteger turns = new AtomicInteger();
  private long nextBytes;

  /** Prepares the prefetch for {@code parent}, and takes over the caller's reference on it. */
  public Prefetch(ReadPath path, BlockRequest parent, BooleanSupplier closing) {
    this.path = path;
    this.parent = parent;
    this.closing = closing;
  }

  /**
   * Reads the next chunk. If a call is already reading, on any thread, that call reads the next
   * chunk too. So chunks that complete immediately are read in a loop and not by recursion.
   */
  public void readOn() {
    if (turns.getAndIncrement() > 0) {
      return;
    }
    do {
      nextChunk();
    } while (turns.decrementAndGet() > 0);
  }

  private void nextChunk() {
    long length = Math.min(CHUNK_BYTES, parent.lengthBytes() - nextBytes);
    preparePrefetch(parent.offsetBytes() + nextBytes, length);
    nextBytes += length;
    begin();
    path.read(this);
    release();
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    if (cause != null) {
      parent.fail(cause);
    } else if (closing.getAsBoolean()) {
      parent.fail(new ClosedException("the cache was closed during a prefetch"));
    } else if (parent.isOrphaned()) {
      parent.fail(new ClosedException("the client was gone during a prefetch"));
    }
    if (parent.hasFailed() || nextBytes == parent.lengthBytes()) {
      parent.release();
    } else {
      readOn();
    }
  }
}
