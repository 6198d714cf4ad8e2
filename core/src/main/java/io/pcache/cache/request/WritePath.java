package io.pcache.cache.request;

import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.stripe.Stripe;
import io.pcache.format.MediaLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts writes into the cache, piece by piece, as far as there is room. A write that has to wait
 * leaves what it would replace readable.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class WritePath {
  private final DataInserter inserter;
  private final DataWriter data;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final CacheCounters counters;

  /** Of no cache while it is not used: a thread outlives caches. */
  private static final ThreadLocal<Write> WRITES = ThreadLocal.withInitial(Write::new);

  public WritePath(
      DataInserter inserter,
      DataWriter data,
      Throttle throttle,
      IndexMemory memory,
      CacheCounters counters) {
    this.inserter = inserter;
    this.data = data;
    this.throttle = throttle;
    this.memory = memory;
    this.counters = counters;
  }

  /** Holds a writer back that may be made to wait, where the cache is nearly full. */
  public void holdBack(long lengthBytes) {
    throttle.holdBack(lengthBytes);
  }

  /**
   * Carries a write or write-zeroes request on from {@code doneBytes} to {@code untilBytes}.
   *
   * @return how much of it is in the cache now; less than asked for where the cache is full
   */
  public long advance(BlockRequest request, long doneBytes, long untilBytes) {
    Write own = WRITES.get();
    // On simulated devices writes nest.
    Write write = own.request == null ? own : new Write();
    try {
      return write.advance(this, request, doneBytes, untilBytes);
    } finally {
      write.forget();
    }
  }

  /** The next piece that has one key: inside one subtree and one segment. */
  private int writePiece(Write write, long offsetBytes, long leftBytes) {
    long toBoundary = MediaLayout.SUBTREE_BYTES - offsetBytes % MediaLayout.SUBTREE_BYTES;
    int n = inserter.insert(write, offsetBytes, (int) Math.min(leftBytes, toBoundary));
    throttle.written(n);
    return n;
  }

  private boolean mayWrite() {
    return inserter.hasRoomForKeys() && throttle.admits() && !memory.isFull();
  }

  /** A write that is being carried out. */
  private static final class Write extends Insertion {
    private @Nullable WritePath path;
    private @Nullable BlockRequest request;
    private long doneBytes;

    long advance(WritePath itsPath, BlockRequest itsRequest, long fromBytes, long untilBytes) {
      path = itsPath;
      request = itsRequest;
      doneBytes = fromBytes;
      while (doneBytes < untilBytes && itsPath.mayWrite()) {
        int n =
            itsPath.writePiece(this, itsRequest.offsetBytes() + doneBytes, untilBytes - doneBytes);
        if (n == 0) {
          break;
        }
        doneBytes += n;
      }
      return doneBytes;
    }

    void forget() {
      path = null;
      request = null;
    }

    @Override
    int copy(long mediaOffsetBytes) {
      BlockRequest source = Objects.requireNonNull(request);
      DataWriter data = Objects.requireNonNull(path).data;
      return source.op() == BlockOp.WRITE_ZEROES
          ? data.zero(mediaOffsetBytes, key.lengthBytes())
          : data.write(source.buffer(), doneBytes, mediaOffsetBytes, key.lengthBytes());
    }

    @Override
    int insertInto(Stripe stripe, int hint) {
      int staged = stripe.insert(key, hint);
      // Not before: who puts the count right counts what is staged as seen.
      Objects.requireNonNull(path).counters.dirtiedBytes.add(key.lengthBytes());
      return staged;
    }
  }
}
