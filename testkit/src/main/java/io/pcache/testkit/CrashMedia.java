package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import io.pcache.error.MediaFailureException;
import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * A simulated cache device that loses power. What was synced stays. Of the rest, every cache line
 * or sector by itself ends up as after any one of the writes it had since the last sync, as before
 * the first, or torn within one in steps of 8 bytes: a device may make anything durable at any time
 * unasked, in any order.
 *
 * <p>Every write, zero, recycle and sync is a step. A test runs its scenario once to count the
 * steps, and then once per step with {@link #cutPowerAt}: the step is begun, {@link PowerCut} is
 * thrown, and so it is by every later step. Then {@link #crash} gives the device as it comes up
 * again.
 *
 * <p>Where units are cache lines, a sync covers what its own process wrote. A write in which a
 * process was killed is at risk until the next process passes its range to {@link #inherit}.
 *
 * <p>Thread-safety: as {@link Media}; the methods of the simulation while nothing else is under
 * way.
 */
public final class CrashMedia implements Media {
  /** Sees every step just before it is taken, and may step the engine's other agents meanwhile. */
  public interface StepListener {
    /** A step is about to be taken. */
    void beforeStep(Step step);

    /** Bytes have been written, and the writer has not gone on yet. */
    default void afterWrite() {}
  }

  /** What a step is. */
  public enum Step {
    /** Bytes are written. */
    WRITE,
    /** Zeroes are written, or a range is recycled. */
    ZERO,
    /** What was written becomes durable. */
    SYNC
  }

  private static final int PAGE_BYTES = CrashMemory.PAGE_BYTES;
  private static final int WORD_BYTES = 8;

  private final CrashMemory memory;
  private final CrashGrain grain;
  private final RandomGenerator random;
  private final UnsyncedWrites unsynced;
  private final MemorySegment view;
  private StepListener listener = step -> {};
  private boolean syncFails;
  private boolean isWithinWrite;
  private boolean mayHaveLostWrites;
  private long steps;
  private long lastStep = Long.MAX_VALUE;
  private boolean handedOver;
  private boolean closed;

  private CrashMedia(
      CrashMemory memory, CrashGrain grain, RandomGenerator random, UnsyncedWrites unsynced) {
    this.memory = memory;
    this.grain = grain;
    this.random = random;
    this.unsynced = unsynced;
    this.view = memory.bytes().asReadOnly();
  }

  /**
   * A device of zeroes.
   *
   * @param random decides what a crash keeps and what recycled ranges read as
   */
  public static CrashMedia blank(long sizeBytes, CrashGrain grain, RandomGenerator random) {
    return new CrashMedia(CrashMemory.ofSize(sizeBytes), grain, random, new UnsyncedWrites());
  }

  /**
   * Another device in the same state: the same bytes, the same ones of them not synced. Its steps
   * count from 0.
   */
  public synchronized CrashMedia copy() {
    return new CrashMedia(memory.copy(), grain, random, unsynced.copy());
  }

  /** Loses power during the given step, 1 being the first of this device. */
  public synchronized void cutPowerAt(long step) {
    lastStep = step;
  }

  /** Whether power has been lost. */
  public synchronized boolean isOff() {
    return handedOver || steps >= lastStep;
  }

  /** The steps so far. */
  public synchronized long steps() {
    return steps;
  }

  /** Tells the listener of every step from now on. */
  public synchronized void listen(StepListener newListener) {
    listener = newListener;
  }

  /** Fails the next sync, which loses what it should have kept, and all that follow. */
  public synchronized void failSyncs() {
    syncFails = true;
  }

  /** Whether syncs fail. */
  public synchronized boolean failsSyncs() {
    return syncFails;
  }

  /**
   * Begins a fork: a device on the same memory and in the same state, whose changes {@link
   * Fork#close} takes back. Until then this device is left alone. Its steps count from 0.
   */
  public synchronized Fork fork(RandomGenerator itsRandom) {
    int mark = memory.fork();
    CrashMedia media = new CrashMedia(memory, grain, itsRandom, unsynced.copy());
    media.mayHaveLostWrites = mayHaveLostWrites;
    media.isWithinWrite = isWithinWrite;
    return new Fork(this, media, mark);
  }

  /**
   * A device that is tried out on another one's memory.
   *
   * @param origin the device that was forked
   * @param media the one to try out
   * @param mark where its changes begin
   */
  public record Fork(CrashMedia origin, CrashMedia media, int mark) implements AutoCloseable {
    /** Takes back all changes since the fork; the origin goes on. */
    @Override
    public void close() {
      origin.memory.rollBack(mark);
    }
  }

  /** The device after power was lost and came back, at the mercy of its own randomness. */
  public synchronized CrashMedia crash() {
    boolean wholePages = grain == CrashGrain.SECTOR && random.nextInt(3) == 0;
    CrashFate fate = new RandomFate(random);
    return wholePages ? crashInPages(fate) : crash(fate);
  }

  /**
   * The device after power was lost and came back. Every cache line or sector has its own fate, and
   * is torn at words. Takes over this one's memory: whoever still writes or syncs here gets a
   * {@link PowerCut}.
   */
  public synchronized CrashMedia crash(CrashFate fate) {
    unsynced.crash(memory, grain.unitBytes(), WORD_BYTES, fate);
    return successor(new UnsyncedWrites());
  }

  /** The same where pages of 4 KiB share a fate, torn at sectors. */
  private CrashMedia crashInPages(CrashFate fate) {
    unsynced.crash(memory, PAGE_BYTES, BlockDevice.SECTOR_BYTES, fate);
    return successor(new UnsyncedWrites());
  }

  /**
   * The device after the process was killed: everything is as it was, and what was not synced still
   * is not. After a kill behind a store of cache lines and before their write-back, no sync covers
   * that store.
   */
  public synchronized CrashMedia kill() {
    UnsyncedWrites left = unsynced.copy();
    if (isWithinWrite && grain == CrashGrain.CACHE_LINE) {
      left.leaveLast(grain.unitBytes());
    }
    return successor(left);
  }

  private CrashMedia successor(UnsyncedWrites itsUnsynced) {
    handedOver = true;
    return new CrashMedia(memory, grain, random, itsUnsynced);
  }

  /**
   * A cache line or sector that was written since the last sync.
   *
   * @param unit its number
   * @param offsetBytes where it begins
   * @param writes how often it was written, at least 1
   */
  public record UnsyncedUnit(long unit, long offsetBytes, int writes) {}

  /** The cache lines or sectors written since the last sync. */
  public synchronized List<UnsyncedUnit> unsyncedUnits() {
    UnitCounts counts = unsynced.units(grain.unitBytes());
    List<UnsyncedUnit> units = new ArrayList<>(counts.size());
    for (int i = 0; i < counts.size(); i++) {
      long unit = counts.unit(i);
      units.add(new UnsyncedUnit(unit, unit * grain.unitBytes(), counts.count(unit)));
    }
    return units;
  }

  /** What units are. */
  public CrashGrain grain() {
    return grain;
  }

  /** Changes a byte on the device for good, as decay does: no step, no sync. */
  public synchronized void rot(long offsetBytes, int flippedBits) {
    memory.willChange(offsetBytes, 1);
    byte before = memory.bytes().get(ValueLayout.JAVA_BYTE, offsetBytes);
    memory.bytes().set(ValueLayout.JAVA_BYTE, offsetBytes, (byte) (before ^ flippedBits));
  }

  /**
   * Gives up the memory, for good; also that of the devices this one came from through {@link
   * #crash}.
   */
  public synchronized void discard() {
    memory.release();
  }

  @Override
  public long sizeBytes() {
    return memory.bytes().byteSize();
  }

  @Override
  public MemorySegment view() {
    return view;
  }

  @Override
  public synchronized void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    beginStep(Step.WRITE);
    keep(offsetBytes, lengthBytes);
    MemorySegment.copy(source, sourceOffsetBytes, memory.bytes(), offsetBytes, lengthBytes);
    endStep();
    isWithinWrite = true;
    listener.afterWrite();
    isWithinWrite = false;
  }

  @Override
  public synchronized void inherit(long offsetBytes, long lengthBytes) {
    unsynced.inherit(offsetBytes, lengthBytes, grain.unitBytes());
  }

  @Override
  public synchronized void zero(long offsetBytes, long lengthBytes) {
    beginStep(Step.ZERO);
    zeroPages(offsetBytes, lengthBytes, () -> false);
    endStep();
  }

  /** Zeroes some pages and leaves others as they are: whoever counts on either gets it wrong. */
  @Override
  public synchronized void recycle(long offsetBytes, long lengthBytes) {
    beginStep(Step.ZERO);
    zeroPages(offsetBytes, lengthBytes, random::nextBoolean);
    endStep();
  }

  /**
   * Zeroes over zeroes change nothing, whatever a crash takes back: they need no memory.
   *
   * @param spares asked for each page: whether it is left as it is
   */
  private void zeroPages(long offsetBytes, long lengthBytes, BooleanSupplier spares) {
    long end = offsetBytes + lengthBytes;
    for (int page = memory.nextTouchedPage((int) (offsetBytes / PAGE_BYTES));
        page >= 0 && (long) page * PAGE_BYTES < end;
        page = memory.nextTouchedPage(page + 1)) {
      long from = Math.max(offsetBytes, (long) page * PAGE_BYTES);
      long to = Math.min(end, (page + 1L) * PAGE_BYTES);
      boolean spared = spares.getAsBoolean();
      if (!spared && !memory.isZero(from, to - from)) {
        keep(from, to - from);
        memory.bytes().asSlice(from, to - from).fill((byte) 0);
      }
    }
  }

  @Override
  public synchronized boolean isZero(long offsetBytes, long lengthBytes) {
    return memory.isZero(offsetBytes, lengthBytes);
  }

  @Override
  public synchronized void sync() {
    beginStep(Step.SYNC);
    endStep();
    if (syncFails) {
      mayHaveLostWrites = true;
      unsynced.crash(memory, grain.unitBytes(), WORD_BYTES, new RandomFate(random));
      throw new MediaFailureException("injected fault: cannot sync", new IOException("injected"));
    }
    unsynced.sync();
  }

  @Override
  public synchronized boolean mayHaveLostWrites() {
    return mayHaveLostWrites;
  }

  private void keep(long offsetBytes, long lengthBytes) {
    // The write-back of its own units takes along what a killed process left in them.
    unsynced.inherit(offsetBytes, lengthBytes, grain.unitBytes());
    unsynced.add(memory.bytes(), offsetBytes, lengthBytes);
    memory.willChange(offsetBytes, lengthBytes);
  }

  private void beginStep(Step step) {
    if (closed) {
      throw new IllegalStateException("the simulated device has been closed");
    }
    if (isOff()) {
      throw new PowerCut("the power is off");
    }
    listener.beforeStep(step);
    steps++;
  }

  private void endStep() {
    if (steps == lastStep) {
      throw new PowerCut("power lost during step " + steps);
    }
  }

  @Override
  public boolean syncMayBlock() {
    return grain == CrashGrain.SECTOR;
  }

  @Override
  public MediaKind kind() {
    return MediaKind.SIMULATED;
  }

  /** Ends the use by the engine; the bytes stay, for {@link #crash} and {@link #copy}. */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
