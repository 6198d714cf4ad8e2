package io.pcache.cache.pace;

import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;

/**
 * How much of the heap the index may take, and how near to that it is. A cache of small extents
 * would else fill the heap before it fills its segments.
 *
 * <pre>
 *   0 ────────────── scarce ─────────── full
 *      all goes on   │ misses do not fill,  │ writes wait for reclaiming
 *                    │ reclaiming runs      │
 * </pre>
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class IndexMemory {
  /** How many keys the reclaimer takes out of the index before key_tail passes them. */
  public static final int MAX_RECLAIMED_KEYS = 64 * KeySetRecord.MAX_KEYS;

  /** The rest is for what collects garbage, for connections, and for opening. */
  private static final int INDEX_EIGHTHS = 5;

  private static final int HEAP_EIGHTHS = 8;

  /** What a daemon needs besides the index, however small its heap. */
  private static final long LEAST_REST_BYTES = 20L << 20;

  /** The last eighth of the limit is kept for writes. */
  private static final int SCARCE_SHARE = 8;

  /**
   * What recovery may take beyond the limit: writes that pass the check together, and extents that
   * they cut in two, may have taken it a little further.
   */
  private static final int OPENING_SHARE = 8;

  /**
   * The least that it may take beyond the limit, or half of a limit that is smaller than twice
   * that: the reclaimer takes keys out of the index before key_tail has passed them, writes may
   * take their place at once, and a crash brings them back.
   */
  private static final long RECLAIMING_BYTES = ExtentIndex.unitBytes(MAX_RECLAIMED_KEYS, true);

  private final ExtentIndex index;
  private final long limitBytes;

  public IndexMemory(ExtentIndex index, long limitBytes) {
    this.index = index;
    this.limitBytes = limitBytes;
  }

  /** What an index that recovery builds may take, so that what ran with a limit opens with it. */
  public static long openingLimitBytes(long limitBytes) {
    if (limitBytes > Long.MAX_VALUE / 2) {
      return limitBytes;
    }
    long reclaiming = Math.min(RECLAIMING_BYTES, limitBytes / 2);
    return limitBytes + Math.max(limitBytes / OPENING_SHARE, reclaiming);
  }

  /** Whether reclaiming should make room, and nothing enters the cache that need not. */
  public boolean isScarce() {
    return index.heapBytes() >= limitBytes - limitBytes / SCARCE_SHARE;
  }

  /** Whether writes have to wait. */
  public boolean isFull() {
    return index.heapBytes() >= limitBytes;
  }

  /** What the index takes at most, in bytes. */
  public long usedBytes() {
    return index.heapBytes();
  }

  /** What it may take, in bytes. */
  public long limitBytes() {
    return limitBytes;
  }

  /** What the index may take of a heap, in bytes. */
  public static long bytesForHeap(long heapBytes) {
    long share = heapBytes / HEAP_EIGHTHS * INDEX_EIGHTHS;
    return Math.max(0, Math.min(share, heapBytes - LEAST_REST_BYTES));
  }

  /** The heap in which an index of so many bytes is not scarce of memory, in bytes. */
  public static long heapBytesFor(long indexBytes) {
    long limit = indexBytes + Math.ceilDiv(indexBytes, SCARCE_SHARE - 1);
    return Math.max(limit / INDEX_EIGHTHS * HEAP_EIGHTHS, limit + LEAST_REST_BYTES);
  }

  /** Whether an index that holds nothing leaves room for writes. */
  public static boolean admitsWrites(long emptyIndexBytes, long limitBytes) {
    return emptyIndexBytes < limitBytes - limitBytes / SCARCE_SHARE;
  }
}
