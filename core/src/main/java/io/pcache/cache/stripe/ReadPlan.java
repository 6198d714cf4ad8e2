package io.pcache.cache.stripe;

import io.pcache.cache.segment.Segments;
import io.pcache.format.Key;
import io.pcache.index.ExtentCursor;
import java.util.Arrays;

/**
 * The result of one lookup for a range inside a subtree: hits and gaps. Gaps are cut at the slice
 * boundaries of the backing device. The plan is filled under the stripe's lock and carried out
 * without it. Its thread reuses it, so that a hit allocates nothing.
 *
 * <p>Thread-safety: none.
 */
public final class ReadPlan implements ExtentVisitor {
  private static final int LONGS_PER_HIT = 5;
  private static final int LONGS_PER_GAP = 2;
  private static final int FIRST_PARTS = 16;

  public final ExtentCursor cursor = new ExtentCursor();

  private final int sliceBytes;
  private final Key key = new Key();
  private long[] hits = new long[FIRST_PARTS * LONGS_PER_HIT];
  private long[] gaps = new long[FIRST_PARTS * LONGS_PER_GAP];
  private int hitCount;
  private int gapCount;

  /** End of the part that is already planned. */
  private long nextBytes;

  private long untilBytes;

  /**
   * Creates an empty plan.
   *
   * @param sliceBytes gaps are cut at multiples of this
   */
  public ReadPlan(int sliceBytes) {
    this.sliceBytes = sliceBytes;
  }

  /** Starts a plan for a range of logical offsets. */
  public void begin(long fromBytes, long toBytes) {
    hitCount = 0;
    gapCount = 0;
    nextBytes = fromBytes;
    untilBytes = toBytes;
  }

  /**
   * Adds the gap before an extent, and the part of the extent inside the range. The caller has to
   * pin that part.
   */
  @Override
  public void visit(ExtentCursor extent) {
    addGapUntil(extent.offsetBytes());
    long end = Math.min(untilBytes, extent.endBytes());
    addHit(extent, nextBytes, end);
    nextBytes = end;
  }

  /** Adds the gap at the end of the range. */
  public void end() {
    addGapUntil(untilBytes);
  }

  private void addGapUntil(long toBytes) {
    while (nextBytes < toBytes) {
      long end = Math.min(toBytes, nextBytes - nextBytes % sliceBytes + sliceBytes);
      addGap(nextBytes, end);
      nextBytes = end;
    }
  }

  /** Pins the segments of all hits, so that their bytes stay in place. */
  void pin(Segments segments) {
    for (int i = 0; i < hitCount; i++) {
      segments.pin(hitSegment(i));
    }
  }

  private void addHit(ExtentCursor extent, long fromBytes, long toBytes) {
    int at = hitCount * LONGS_PER_HIT;
    if (at == hits.length) {
      hits = Arrays.copyOf(hits, hits.length * 2);
    }
    long segOffset = extent.segOffsetBytes() + (fromBytes - extent.offsetBytes());
    hits[at] = fromBytes;
    hits[at + 1] = toBytes - fromBytes;
    hits[at + 2] = pack(extent.cacheSegId(), (int) segOffset);
    hits[at + 3] = pack(extent.keyLengthBytes(), extent.keySegOffsetBytes());
    hits[at + 4] = pack(extent.isClean() ? 1 : 0, extent.keyDataCrc());
    hitCount++;
  }

  private void addGap(long fromBytes, long toBytes) {
    int at = gapCount * LONGS_PER_GAP;
    if (at == gaps.length) {
      gaps = Arrays.copyOf(gaps, gaps.length * 2);
    }
    gaps[at] = fromBytes;
    gaps[at + 1] = toBytes - fromBytes;
    gapCount++;
  }

  public int hitCount() {
    return hitCount;
  }

  public long hitOffsetBytes(int i) {
    return hits[i * LONGS_PER_HIT];
  }

  public int hitLengthBytes(int i) {
    return (int) hits[i * LONGS_PER_HIT + 1];
  }

  public int hitSegment(int i) {
    return high(hits[i * LONGS_PER_HIT + 2]);
  }

  public int hitSegOffsetBytes(int i) {
    return (int) hits[i * LONGS_PER_HIT + 2];
  }

  public boolean hitIsClean(int i) {
    return high(hits[i * LONGS_PER_HIT + 4]) != 0;
  }

  /**
   * The key that a hit is a part of; only with data checksums. It stays as it is until the next
   * call.
   */
  public Key hitKey(int i) {
    int at = i * LONGS_PER_HIT;
    int keySegOffsetBytes = (int) hits[at + 3];
    return key.range(hits[at] - (hitSegOffsetBytes(i) - keySegOffsetBytes), high(hits[at + 3]))
        .place(hitSegment(i), keySegOffsetBytes)
        .dataCrc((int) hits[at + 4]);
  }

  int gapCount() {
    return gapCount;
  }

  long gapOffsetBytes(int i) {
    return gaps[i * LONGS_PER_GAP];
  }

  int gapLengthBytes(int i) {
    return (int) gaps[i * LONGS_PER_GAP + 1];
  }

  private static long pack(int high, int low) {
    return ((long) high << 32) | (low & 0xFFFF_FFFFL);
  }

  private static int high(long packed) {
    return (int) (packed >>> 32);
  }
}
