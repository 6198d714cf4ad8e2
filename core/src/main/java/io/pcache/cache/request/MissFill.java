package io.pcache.cache.request;

import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.insert.DataInserter;
import io.pcache.cache.insert.DataWriter;
import io.pcache.cache.insert.Insertion;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.stripe.Miss;
import io.pcache.cache.stripe.Stripe;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;

/**
 * Inserts the data of a miss into the cache as CLEAN. It does not fill if a write to the range came
 * in between, if another miss was faster, or if space is short. So reads never make writers wait.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class MissFill {
  private final DataInserter inserter;
  private final DataWriter data;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final CacheHealth health;

  public MissFill(
      DataInserter inserter,
      DataWriter data,
      Throttle throttle,
      IndexMemory memory,
      CacheHealth health) {
    this.inserter = inserter;
    this.data = data;
    this.throttle = throttle;
    this.memory = memory;
    this.health = health;
  }

  /**
   * Fills the cache as far as possible.
   *
   * @param bytes the data of the miss, in pcache's own memory, because a reader's buffer may change
   *     at any time
   */
  public void fill(Miss miss, MemorySegment bytes) {
    Fill fill = new Fill(miss, bytes);
    try {
      while (fill.doneBytes < miss.lengthBytes && mayFill()) {
        int n = fill.next();
        if (n == 0) {
          return;
        }
        fill.doneBytes += n;
      }
    } catch (InternalError e) {
      if (!inserter.isStagingAtFault(health)) {
        health.cacheWrites().failed("a read could not be cached: " + e.getMessage());
      }
    } catch (PcacheException e) {
      health.cacheWrites().failed("a read could not be cached: " + e.getMessage());
    }
  }

  private boolean mayFill() {
    return inserter.hasRoomForKeys()
        && !throttle.isActive()
        && !memory.isScarce()
        && health.writeRefusal() == null;
  }

  /** The data of one miss, and how much of it is in the cache. */
  private final class Fill extends Insertion {
    private final Miss miss;
    private final MemorySegment bytes;
    private int doneBytes;

    Fill(Miss miss, MemorySegment bytes) {
      this.miss = miss;
      this.bytes = bytes;
      key.clean(true);
    }

    int next() {
      return inserter.insert(this, miss.offsetBytes + doneBytes, miss.lengthBytes - doneBytes);
    }

    @Override
    protected int copy(long mediaOffsetBytes) {
      int crc = data.write(bytes, doneBytes, mediaOffsetBytes, key.lengthBytes());
      health.cacheWrites().succeeded();
      return crc;
    }

    @Override
    protected int insertInto(Stripe stripe, int hint) {
      return stripe.insertIfMissing(key, miss, hint);
    }
  }
}
