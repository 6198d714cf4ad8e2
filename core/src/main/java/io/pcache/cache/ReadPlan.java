package io.pcache.cache;

import io.pcache.index.ExtentCursor;
import java.util.Arrays;

/**
 * What one lookup found for a range inside a subtree: hits with their pinned segments, and gaps.
 * Filled under the stripe's lock, carried out without it. Reused by its thread, so that a hit
 * allocates nothing.
 */
final class ReadPlan {
  private static final int LONGS_PER_HIT = 5;
  private static final int LONGS_PER_GAP = 2;
  private static final int FIRST_PARTS = 16;

  final ExtentCursor cursor = new ExtentCursor();

  private long[] hits = new long[FIRST_PARTS * LONGS_PER_HIT];
  private long[] gaps = new long[FIRST_PARTS * LONGS_PER_GAP];
  private int hitCount;
  private int gapCount;

  void clear() {
    hitCount = 0;
    gapCount = 0;
  }

  /**
   * Adds the part of the cursor's extent from {@code fromBytes} to {@code toBytes}, logical
   * offsets.
   */
  void addHit(long fromBytes, long toBytes) {
    int at = hitCount * LONGS_PER_HIT;
    if (at == hits.length) {
      hits = Arrays.copyOf(hits, hits.length * 2);
    }
    long segOffset = cursor.segOffsetBytes() + (fromBytes - cursor.offsetBytes());
    hits[at] = fromBytes;
    hits[at + 1] = toBytes - fromBytes;
    hits[at + 2] = pack(cursor.cacheSegId(), (int) segOffset);
    hits[at + 3] = pack(cursor.keyLengthBytes(), cursor.keySegOffsetBytes());
    hits[at + 4] = pack(cursor.isClean() ? 1 : 0, cursor.keyDataCrc());
    hitCount++;
  }

  void addGap(long fromBytes, long toBytes) {
    int at = gapCount * LONGS_PER_GAP;
    if (at == gaps.length) {
      gaps = Arrays.copyOf(gaps, gaps.length * 2);
    }
    gaps[at] = fromBytes;
    gaps[at + 1] = toBytes - fromBytes;
    gapCount++;
  }

  int hitCount() {
    return hitCount;
  }

  long hitOffsetBytes(int i) {
    return hits[i * LONGS_PER_HIT];
  }

  int hitLengthBytes(int i) {
    return (int) hits[i * LONGS_PER_HIT + 1];
  }

  int hitSegment(int i) {
    return high(hits[i * LONGS_PER_HIT + 2]);
  }

  int hitSegOffsetBytes(int i) {
    return (int) hits[i * LONGS_PER_HIT + 2];
  }

  int hitKeyLengthBytes(int i) {
    return high(hits[i * LONGS_PER_HIT + 3]);
  }

  int hitKeySegOffsetBytes(int i) {
    return (int) hits[i * LONGS_PER_HIT + 3];
  }

  boolean hitIsClean(int i) {
    return high(hits[i * LONGS_PER_HIT + 4]) != 0;
  }

  int hitKeyDataCrc(int i) {
    return (int) hits[i * LONGS_PER_HIT + 4];
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
