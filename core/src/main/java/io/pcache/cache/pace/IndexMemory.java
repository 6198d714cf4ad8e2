package io.pcache.cache.pace;

import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;

/**
 * The heap that the index may use, and how close it is to that limit. Without a limit, a cache of
 * small extents would fill the heap before its segments.
 *
 * <pre>
 *   0 ────────────── scarce ─────────── full
 *     no restriction │ misses do not    │ writes wait
 *                    │ fill, reclaiming │ for reclaiming
 *                    │ runs             │
 * </pre>
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class IndexMemory {
  /** Number of keys that the reclaimer may remove from the index before key_tail passes them. */
  public static final int MAX_RECLAIMED_KEYS = 64 * KeySetRecord.MAX_KEYS;

  /**
   * The index gets five eighths. The rest of the heap is for the garbage collector, for
   * connections, and for opening.
   */
  private static final int INDEX_EIGHTHS = 5;

  private static final int HEAP_EIGHTHS = 8;

  /** Heap that a daemon needs besides the index, however small the heap is. */
  private static final long LEAST_REST_BYTES = 24L << 20;

  /** The last eighth of the limit is reserved for writes. */
  private static final int SCARCE_SHARE = 8;

  /**
   * Share of the limit that recovery may use in addition. Writes that pass the check together, and
   * extents that they split, may exceed the limit a little.
   */
  private static final int OPENING_SHARE = 8;

  /**
   * Minimum that recovery may use beyond the limit, or half the limit if that is less. The
   * reclaimer removes keys from the index before key_tail has passed them. Writes may use that
   * memory at once, and a crash brings the keys back.
   */
  private static final long RECLAIMING_BYTES = ExtentIndex.unitBytes(MAX_RECLAIMED_KEYS, true);

  private final ExtentIndex index;
  private final long limitBytes;

  public IndexMemory(ExtentIndex index, long limitBytes) {
    this.index = index;
    this.limitBytes = limitBytes;
  }

  /**
   * Heap limit of an index that recovery builds, in bytes. It ensures that a cache that ran with
   * {@code limitBytes} opens with it again.
   */
  public static long openingLimitBytes(long limitBytes) {
    if (limitBytes > Long.MAX_VALUE / 2) {
      return limitBytes;
    }
    long reclaiming = Math.min(RECLAIMING_BYTES, limitBytes / 2);
    return limitBytes + Math.max(limitBytes / OPENING_SHARE, reclaiming);
  }

  /** Whether reclaiming should make room, and misses must not fill. */
  public boolean isScarce() {
    return index.heapBytes() >= limitBytes - limitBytes / SCARCE_SHARE;
  }

  /** Whether writes have to wait. */
  public boolean isFull() {
    return index.heapBytes() >= limitBytes;
  }

  /** Upper bound of the heap that the index uses, in bytes. */
  public long usedBytes() {
    return index.heapBytes();
  }

  /** The limit, in bytes. */
  public long limitBytes() {
    return limitBytes;
  }

  /** The limit of the index for a heap of a given size, in bytes. */
  public static long bytesForHeap(long heapBytes) {
    long share = heapBytes / HEAP_EIGHTHS * INDEX_EIGHTHS;
    return Math.max(0, Math.min(share, heapBytes - LEAST_REST_BYTES));
  }

  /** Size of the heap in which an index of {@code indexBytes} is not scarce of memory, in bytes. */
  public static long heapBytesFor(long indexBytes) {
    long limit = indexBytes + Math.ceilDiv(indexBytes, SCARCE_SHARE - 1);
    return Math.max(limit / INDEX_EIGHTHS * HEAP_EIGHTHS, limit + LEAST_REST_BYTES);
  }

  /** Whether an empty index leaves room for writes. */
  public static boolean admitsWrites(long emptyIndexBytes, long limitBytes) {
    return emptyIndexBytes < limitBytes - limitBytes / SCARCE_SHARE;
  }
}
