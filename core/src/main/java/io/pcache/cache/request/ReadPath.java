package io.pcache.cache.request;

import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingRequest;
import io.pcache.backing.RequestPurpose;
import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Miss;
import io.pcache.cache.stripe.ReadPlan;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentIndex;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Answers reads: hits from the media, gaps from the backing device, in any mix within one request.
 * Data read for a gap goes to {@link MissFill} and is copied to the client. The client's buffer is
 * written and never read. A prefetch is a read without the copy to the client.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class ReadPath {
  private final Geometry geometry;
  private final Stripes stripes;
  private final ExtentIndex index;
  private final Segments segments;
  private final BackingDevice backing;
  private final MissFill fill;
  private final BadExtents badExtents;
  private final CacheHealth health;
  private final CacheCounters counters;
  private final ThreadLocal<ReadPlan> plans;

  /** Reads from a cache and its backing device. */
  public ReadPath(CacheState cache, BackingDevice backing, MissFill fill, BadExtents badExtents) {
    this.geometry = cache.geometry();
    this.stripes = cache.stripes();
    this.index = cache.index();
    this.segments = cache.segments();
    this.health = cache.health();
    this.counters = cache.counters();
    this.backing = backing;
    this.fill = fill;
    this.badExtents = badExtents;
    int sliceBytes = backing.sliceBytes();
    // The thread-local plan must not refer to a cache: threads outlive caches.
    this.plans = ThreadLocal.withInitial(() -> new ReadPlan(sliceBytes));
  }

  /**
   * Carries out a read. The caller holds a reference on the request. Each miss holds another one.
   */
  public void read(BlockRequest request) {
    readRange(request, request.offsetBytes(), request.offsetBytes() + request.lengthBytes());
  }

  private void readRange(BlockRequest request, long fromBytes, long toBytes) {
    try {
      readSubtrees(request, fromBytes, toBytes);
      // Compiled code may report a failed page late. Deliver it here at the latest, before success
      // is reported.
      PageFaults.deliver();
    } catch (InternalError e) {
      request.fail(pageFailed(request, e));
    }
  }

  private void readSubtrees(BlockRequest request, long fromBytes, long toBytes) {
    long at = fromBytes;
    while (at < toBytes) {
      long boundary = MediaLayout.subtreeEnd(at);
      long end = Math.min(toBytes, boundary);
      readInSubtree(request, at, end);
      at = end;
    }
  }

  private void readInSubtree(BlockRequest request, long fromBytes, long toBytes) {
    ReadPlan plan = plans.get();
    Miss @Nullable [] misses =
        stripes.of(fromBytes).lookUp(plan, segments, request, fromBytes, toBytes);
    long retryFrom = Long.MAX_VALUE;
    long retryTo = 0;
    for (int i = 0; i < plan.hitCount(); i++) {
      if (!answerHit(plan, i, request)) {
        retryFrom = Math.min(retryFrom, plan.hitOffsetBytes(i));
        retryTo = Math.max(retryTo, plan.hitOffsetBytes(i) + plan.hitLengthBytes(i));
      }
    }
    if (misses != null) {
      submit(request, misses);
    }
    // Last, because it reuses this thread's plan.
    if (retryFrom < retryTo) {
      readRange(request, retryFrom, retryTo);
    }
  }

  /**
   * Copies one hit to the client. Returns false if its clean data was damaged and has been dropped.
   * The caller then reads the range again.
   */
  private boolean answerHit(ReadPlan plan, int i, BlockRequest request) {
    try {
      if (geometry.dataCrc()) {
        if (!geometry.matches(plan.hitKey(i))) {
          return !dropIfClean(plan, i, request);
        }
      } else if (isRefused(request)) {
        return true;
      }
      if (request.op() == BlockOp.READ) {
        long at = geometry.mediaOffset(plan.hitSegment(i), plan.hitSegOffsetBytes(i));
        MemorySegment view = geometry.media().view();
        long to = plan.hitOffsetBytes(i) - request.offsetBytes();
        request.buffer().put(to, view, at, plan.hitLengthBytes(i));
      }
      counters.readHitBytes.add(plan.hitLengthBytes(i));
      health.cacheReads().succeeded();
    } catch (InternalError e) {
      request.fail(pageFailed(request, e));
    } catch (IllegalStateException e) {
      request.fail(bufferClosed(e));
    } finally {
      segments.unpin(plan.hitSegment(i));
    }
    return true;
  }

  /** What was cut off the cache device may read as zeroes, and no checksum tells. */
  private boolean isRefused(BlockRequest request) {
    PcacheException refusal = health.hitRefusal();
    if (refusal != null) {
      request.fail(refusal);
    }
    return refusal != null;
  }

  /**
   * Drops a damaged key if it is clean, because the backing device has the same data. Damaged dirty
   * data exists nowhere else, so the read fails.
   */
  private boolean dropIfClean(ReadPlan plan, int i, BlockRequest request) {
    Key key = plan.hitKey(i);
    String what =
        "%d bytes at byte %d do not match their checksum (segment %d, offset %d)"
            .formatted(
                key.lengthBytes(), key.offsetBytes(), key.cacheSegId(), key.segOffsetBytes());
    // Write-back has already reported ranges that are set aside. A read of such a range that misses
    // fails too.
    boolean isKnown = badExtents.overlaps(key.offsetBytes(), key.endBytes());
    if (!plan.hitIsClean(i)) {
      if (!isKnown) {
        health.damagedReads().failed("dirty data is damaged: " + what);
      }
      request.fail(
          new CorruptMediaException(
              "dirty data is damaged: " + what + "; write the range anew to repair it"));
      return false;
    }
    if (!isKnown) {
      health
          .damagedReads()
          .failed("clean data was damaged and is read from the backing device instead: " + what);
    }
    stripes.of(key.offsetBytes()).removeKey(key, index.hint(key.offsetBytes()));
    return true;
  }

  private void submit(BlockRequest request, Miss[] misses) {
    for (Miss miss : misses) {
      failIfSetAside(request, miss);
      BackingRequest slice = backing.acquire(RequestPurpose.READ_MISS);
      slice.prepareSlice(
          request,
          miss.lengthBytes,
          miss.offsetBytes,
          (completed, failure) -> missCompleted(miss, completed, failure));
      backing.submit(slice);
    }
  }

  private void failIfSetAside(BlockRequest request, Miss miss) {
    if (badExtents.overlaps(miss.offsetBytes, miss.offsetBytes + miss.lengthBytes)) {
      request.fail(
          new CorruptMediaException(
              "the newest data near byte "
                  + miss.offsetBytes
                  + " was damaged before it was written back; write it anew"));
    }
  }

  /** Completes a miss. Its slice still holds a reference on the parent request. */
  private void missCompleted(Miss miss, BackingRequest slice, @Nullable PcacheException failure) {
    try {
      if (failure == null) {
        health.backingReads().succeeded();
        counters.readMissBytes.add(miss.lengthBytes);
        // The backing device holds older data than the range set aside. It must not answer later
        // reads.
        if (!badExtents.overlaps(miss.offsetBytes, miss.offsetBytes + miss.lengthBytes)) {
          fill.fill(miss, slice.sliceBytes());
        }
      } else if (failure instanceof BackingFailureException) {
        health.backingReads().failed(String.valueOf(failure.getMessage()));
      }
    } finally {
      boolean cancelled = stripes.of(miss.offsetBytes).endMiss(miss);
      if (failure == null && cancelled) {
        // A write came in between, and its write-back may have overlapped this read. Look the range
        // up again.
        readRange(miss.parent, miss.offsetBytes, miss.offsetBytes + miss.lengthBytes);
      } else if (failure == null) {
        answerMiss(miss, slice.sliceBytes());
      }
    }
  }

  /** Copies the data of a miss to the client. */
  private static void answerMiss(Miss miss, MemorySegment bytes) {
    BlockRequest request = miss.parent;
    if (request.op() != BlockOp.READ) {
      return;
    }
    try {
      long to = miss.offsetBytes - request.offsetBytes();
      request.buffer().put(to, bytes, 0, miss.lengthBytes);
      PageFaults.deliver();
    } catch (IllegalStateException e) {
      request.fail(bufferClosed(e));
    } catch (InternalError e) {
      request.fail(new BadOptionException("a page of the buffer failed during its read", e));
    }
  }

  private static BadOptionException bufferClosed(IllegalStateException cause) {
    return new BadOptionException("the buffer was closed while its read was carried out", cause);
  }

  /** A page of the cache device or of the client's buffer failed during this request. */
  private PcacheException pageFailed(BlockRequest request, InternalError cause) {
    if (!request.buffer().isReadable()) {
      return new BadOptionException("a page of the buffer failed during its read", cause);
    }
    String message =
        "cache device: a page of the mapping failed during a read of %d bytes at byte %d"
            .formatted(request.lengthBytes(), request.offsetBytes());
    health.cacheReads().failed(message);
    return new MediaFailureException(message, cause);
  }
}
