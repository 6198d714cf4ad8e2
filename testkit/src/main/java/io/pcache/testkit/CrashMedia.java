package io.pcache.testkit;

import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * <p>Thread-safety: as {@link Media}; {@link #crash}, {@link #copy}, {@link #save} and {@link
 * #discard} while nothing else is under way.
 */
public final class CrashMedia implements Media {
  private static final int PAGE_BYTES = 4096;
  private static final int WORD_BYTES = 8;

  private static final MemorySegment ZEROES =
      MemorySegment.ofArray(new long[PAGE_BYTES / Long.BYTES]);

  private final CrashMemory memory;
  private final CrashGrain grain;
  private final RandomGenerator random;
  private final UnsyncedWrites unsynced;
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
  }

  /**
   * A device of zeroes.
   *
   * @param random decides what a crash keeps and what recycled ranges read as
   */
  public static CrashMedia blank(long sizeBytes, CrashGrain grain, RandomGenerator random) {
    return new CrashMedia(CrashMemory.ofSize(sizeBytes), grain, random, new UnsyncedWrites());
  }

  /** A device that holds what a file holds, all of it durable. */
  public static CrashMedia load(Path file, CrashGrain grain, RandomGenerator random)
      throws IOException {
    CrashMedia media = blank(Files.size(file), grain, random);
    media.memory.load(file);
    return media;
  }

  /**
   * Another device in the same state: the same bytes, the same ones of them not synced. Its steps
   * count from 0.
   */
  public synchronized CrashMedia copy() {
    return new CrashMedia(memory.copy(), grain, random, unsynced.copy());
  }

  /** Writes all bytes, synced or not, to a new file. */
  public synchronized void save(Path file) throws IOException {
    memory.save(file);
  }

  /** Loses power during the given step, 1 being the first of this device. */
  public synchronized void cutPowerAt(long step) {
    lastStep = step;
  }

  /** The steps so far. */
  public synchronized long steps() {
    return steps;
  }

  /**
   * The device after power was lost and came back. Takes over this one's memory: whoever still
   * writes or syncs here gets a {@link PowerCut}.
   */
  public synchronized CrashMedia crash() {
    handedOver = true;
    unsynced.crash(memory.bytes(), grain.unitBytes(), WORD_BYTES, random);
    return new CrashMedia(memory, grain, random, new UnsyncedWrites());
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
    return memory.bytes().asReadOnly();
  }

  @Override
  public synchronized void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    beginStep();
    keep(offsetBytes, lengthBytes);
    MemorySegment.copy(source, sourceOffsetBytes, memory.bytes(), offsetBytes, lengthBytes);
    endStep();
  }

  @Override
  public synchronized void zero(long offsetBytes, long lengthBytes) {
    beginStep();
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at = nextPage(at)) {
      zeroWithinPage(at, Math.min(nextPage(at), end));
    }
    endStep();
  }

  /** Zeroes some pages and leaves others as they are: whoever counts on either gets it wrong. */
  @Override
  public synchronized void recycle(long offsetBytes, long lengthBytes) {
    beginStep();
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at = nextPage(at)) {
      if (random.nextBoolean()) {
        zeroWithinPage(at, Math.min(nextPage(at), end));
      }
    }
    endStep();
  }

  private static long nextPage(long at) {
    return at - at % PAGE_BYTES + PAGE_BYTES;
  }

  /** Zeroes over zeroes change nothing, whatever a crash takes back: they need no memory. */
  private void zeroWithinPage(long from, long to) {
    MemorySegment range = memory.bytes().asSlice(from, to - from);
    if (range.mismatch(ZEROES.asSlice(0, to - from)) >= 0) {
      keep(from, to - from);
      range.fill((byte) 0);
    }
  }

  @Override
  public synchronized void sync() {
    beginStep();
    endStep();
    unsynced.clear();
  }

  private void keep(long offsetBytes, long lengthBytes) {
    unsynced.add(memory.bytes(), offsetBytes, lengthBytes);
    memory.touch(offsetBytes, lengthBytes);
  }

  private void beginStep() {
    if (closed) {
      throw new IllegalStateException("the simulated device has been closed");
    }
    if (handedOver || steps >= lastStep) {
      throw new PowerCut("the power is off");
    }
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

  /**
   * Ends the use by the engine; the bytes stay, for {@link #crash}, {@link #copy} and {@link
   * #save}.
   */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
