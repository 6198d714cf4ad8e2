package io.pcache.cache.request;

import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.insert.DataInserter;
import io.pcache.cache.insert.DataWriter;
import io.pcache.cache.insert.Insertion;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.stripe.Stripe;
import io.pcache.format.MediaLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Inserts writes into the cache, piece by piece, as far as there is room. While a write waits, the
 * data it will replace stays readable.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class WritePath {
  private final DataInserter inserter;
  private final DataWriter data;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final CacheCounters counters;

  /** Refers to no cache while it is not in use: threads outlive caches. */
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

  /** Slows down a writer that may block, if the cache is nearly full. */
  public void holdBack(long lengthBytes) {
    throttle.holdBack(lengthBytes);
  }

  /**
   * Continues a write or write-zeroes request from {@code doneBytes} to {@code untilBytes}.
   *
   * @return how many bytes of the request are in the cache now; less than {@code untilBytes} if
   *     there is no room
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

  /** Writes the next piece that one key can name: inside one subtree and one segment. */
  private int writePiece(Write write, long offsetBytes, long leftBytes) {
    long toBoundary = MediaLayout.subtreeEnd(offsetBytes) - offsetBytes;
    int n = inserter.insert(write, offsetBytes, (int) Math.min(leftBytes, toBoundary));
    throttle.written(n);
    return n;
  }

  private boolean mayWrite() {
    return inserter.hasRoomForKeys() && throttle.admits() && !memory.isFull();
  }

  /** A write in progress. */
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
    protected int copy(long mediaOffsetBytes) {
      BlockRequest source = Objects.requireNonNull(request);
      DataWriter data = Objects.requireNonNull(path).data;
      return source.op() == BlockOp.WRITE_ZEROES
          ? data.zero(mediaOffsetBytes, key.lengthBytes())
          : data.write(source.buffer(), doneBytes, mediaOffsetBytes, key.lengthBytes());
    }

    @Override
    protected int insertInto(Stripe stripe, int hint) {
      int staged = stripe.insert(key, hint);
      // Count after staging: write-back corrects the dirty count only while nothing is staged. It
      // would cancel bytes that were counted before their key is staged.
      Objects.requireNonNull(path).counters.dirtiedBytes.add(key.lengthBytes());
      return staged;
    }
  }
}
