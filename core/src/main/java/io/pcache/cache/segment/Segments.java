package io.pcache.cache.segment;

import io.pcache.error.Invariants;
import io.pcache.format.KeyRecord;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentGeneration;
import io.pcache.log.LogSegments;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The life cycle of every segment.
 *
 * <pre>
 *            takeForData                  last reference goes            generation durable, last pin gone
 *   FREE ───────────────▶ DATA ────────────────────────────────▶ DEAD ──────────────────────────────────────▶ FREE
 *     │ reserve for log                                                                                        ▲
 *     └───────────────▶ RESERVED ──────────▶ LOG ──────────────────────────────────────────────────────────────┘
 *                                takeForLog         key_tail durably past it
 * </pre>
 *
 * <p>A reference means that a segment's bytes are needed. Each key in the log or in memory that
 * names the segment holds one. So does each range that has been handed out without a key yet. Pins
 * keep the bytes in place while requests read them.
 *
 * <p>Invariants: Data never takes the segment that is reserved for the log, so staged keys can
 * always be written. A segment is reused only after its generation is durable and no request reads
 * it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class Segments implements LogSegments {
  public static final int NONE = RecoveredSegments.NONE;

  /**
   * Added by a data head to its segment's references, so that the segment cannot die while it is
   * being filled.
   */
  private static final int HEAD_BIAS = 1 << 24;

  private static final byte FREE = 0;
  private static final byte DATA = 1;
  private static final byte LOG = 2;
  private static final byte RESERVED = 3;
  private static final byte DEAD = 4;

  private final Geometry geometry;
  private final byte[] states;
  private final AtomicIntegerArray references;
  private final AtomicIntegerArray pins;
  private final AtomicLongArray generations;
  private final IntQueue free;
  private final IntQueue dead;
  private final int[] nextLog;
  private int lastLog;
  private int reserved = NONE;
  private boolean reservedIsZero;
  private boolean zeroing;
  private volatile int freeCount;
  private volatile boolean logReserved;

  /**
   * Creates the table from the result of recovery. Every segment that is neither log nor referenced
   * is free.
   */
  public Segments(Geometry geometry, RecoveredSegments recovered) {
    int n = geometry.chain().segments();
    this.geometry = geometry;
    this.states = new byte[n];
    this.references = new AtomicIntegerArray(n);
    this.pins = new AtomicIntegerArray(n);
    this.generations = new AtomicLongArray(n);
    this.free = new IntQueue(n);
    this.dead = new IntQueue(n);
    this.nextLog = new int[n];
    this.lastLog = recovered.lastLog();
    for (int i = 0; i < n; i++) {
      references.set(i, recovered.references(i));
      generations.set(i, recovered.generation(i));
      nextLog[i] = recovered.nextLog(i);
      states[i] = recovered.isLog(i) ? LOG : recovered.references(i) > 0 ? DATA : FREE;
      if (states[i] == FREE) {
        free.add(i);
      }
    }
    freeCount = free.size();
  }

  /** The segment's current generation. */
  public long generation(int segment) {
    return generations.get(segment);
  }

  /**
   * Whether a key is older than its segment's generation: the segment was reclaimed after the key
   * was written.
   */
  public boolean isStale(MemorySegment keys, long at) {
    return KeyRecord.segGen(keys, at) < generation(KeyRecord.cacheSegId(keys, at));
  }

  /** Number of segments that are not free. The one reserved for the log does not count. */
  public int inUse() {
    return states.length - freeCount - (logReserved ? 1 : 0);
  }

  /** Number of segments that data may take. */
  public int availableForData() {
    return logReserved ? freeCount : Math.max(0, freeCount - 1);
  }

  /** Number of segments. */
  public int count() {
    return states.length;
  }

  /** Whether a segment is reserved for the log. */
  public boolean hasLogReserve() {
    return logReserved;
  }

  /**
   * Takes a free segment for a data head, with the head's bias as its references. Returns {@link
   * #NONE} if the cache is full.
   */
  int takeForData() {
    int segment;
    synchronized (this) {
      refillReserve();
      if (!logReserved || free.isEmpty()) {
        return NONE;
      }
      segment = free.remove();
      freeCount = free.size();
      states[segment] = DATA;
      references.set(segment, HEAD_BIAS);
    }
    geometry.media().recycle(geometry.chain().dataOffset(segment), MediaLayout.DATA_AREA_BYTES);
    return segment;
  }

  /** Releases a data head's segment, of which the head has handed out {@code ranges} ranges. */
  void releaseHead(int segment, int ranges) {
    dropReferences(segment, HEAD_BIAS - ranges);
  }

  @Override
  public int takeForLog() {
    int segment;
    boolean zero;
    synchronized (this) {
      awaitZeroing();
      refillReserve();
      Invariants.check(logReserved, "the log always has a segment in reserve when it needs one");
      segment = reserved;
      zero = reservedIsZero;
      reserved = NONE;
      logReserved = false;
      states[segment] = LOG;
      nextLog[lastLog] = segment;
      lastLog = segment;
      // Refill at once: without a reserve, writes have to wait.
      refillReserve();
    }
    if (!zero) {
      zeroDataArea(segment);
    }
    return segment;
  }

  /** The segment in which the log continues after {@code segment}, which must not be its last. */
  public synchronized int nextLogSegment(int segment) {
    return nextLog[segment];
  }

  /** Zeroes the reserved segment ahead of time. Returns whether there was anything to do. */
  public boolean prepareReserve() {
    int segment;
    synchronized (this) {
      refillReserve();
      if (!logReserved || reservedIsZero || zeroing) {
        return false;
      }
      segment = reserved;
      zeroing = true;
    }
    boolean zeroed = false;
    try {
      zeroDataArea(segment);
      zeroed = true;
    } finally {
      finishZeroing(zeroed);
    }
    return true;
  }

  private synchronized void finishZeroing(boolean zeroed) {
    zeroing = false;
    reservedIsZero = zeroed;
    notifyAll();
  }

  /** Waits while the reserve is being zeroed. This is shorter than zeroing another segment. */
  private void awaitZeroing() {
    boolean interrupted = false;
    while (zeroing) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void zeroDataArea(int segment) {
    geometry.media().zero(geometry.chain().dataOffset(segment), MediaLayout.DATA_AREA_BYTES);
  }

  private void refillReserve() {
    if (reserved == NONE && !free.isEmpty()) {
      reserved = free.remove();
      reservedIsZero = false;
      states[reserved] = RESERVED;
      freeCount = free.size();
      logReserved = true;
    }
  }

  /**
   * Drops references to a segment. A segment without references becomes DEAD and waits for its next
   * generation.
   */
  public void dropReferences(int segment, int n) {
    int left = references.addAndGet(segment, -n);
    Invariants.check(left >= 0, "a segment's references are dropped once each", left);
    if (left == 0) {
      synchronized (this) {
        Invariants.check(states[segment] == DATA, "only a data segment dies", segment);
        states[segment] = DEAD;
        dead.add(segment);
      }
    }
  }

  /**
   * Pins a data segment, which keeps its bytes in place. Called under the lock of a stripe whose
   * index still points to it.
   */
  public void pin(int segment) {
    pins.incrementAndGet(segment);
  }

  /** Ends a {@link #pin}. */
  public void unpin(int segment) {
    int left = pins.decrementAndGet(segment);
    Invariants.check(left >= 0, "a segment is unpinned once per pin", left);
  }

  /**
   * Gives dead segments their next generation, durably with one sync for all. Frees those that are
   * not pinned. One caller at a time.
   *
   * @return number of segments freed
   */
  public int retireDead() {
    int[] batch = takeDead();
    if (batch.length == 0) {
      return 0;
    }
    boolean stored = false;
    for (int segment : batch) {
      stored |= storeNextGeneration(segment);
    }
    if (stored) {
      geometry.media().sync();
    }
    return freeUnpinned(batch);
  }

  private synchronized int[] takeDead() {
    int[] batch = new int[dead.size()];
    for (int i = 0; i < batch.length; i++) {
      batch[i] = dead.remove();
    }
    return batch;
  }

  /** A segment that waits for a pin is retired again. Its generation changes only once. */
  private boolean storeNextGeneration(int segment) {
    if (references.get(segment) == NONE) {
      return false;
    }
    long next = generations.get(segment) + 1;
    SegmentGeneration.at(geometry.media(), geometry.chain().segmentOffset(segment)).store(next);
    generations.set(segment, next);
    references.set(segment, NONE);
    return true;
  }

  private int freeUnpinned(int[] batch) {
    int freed = 0;
    for (int segment : batch) {
      if (pins.get(segment) == 0) {
        references.set(segment, 0);
        free(segment);
        freed++;
      } else {
        synchronized (this) {
          dead.add(segment);
        }
      }
    }
    return freed;
  }

  /** Frees a log segment that key_tail has durably left. */
  public void freeLogSegment(int segment) {
    free(segment);
  }

  private synchronized void free(int segment) {
    Invariants.check(
        states[segment] == DEAD || states[segment] == LOG, "a segment is freed once", segment);
    states[segment] = FREE;
    free.add(segment);
    refillReserve();
    freeCount = free.size();
  }
}
