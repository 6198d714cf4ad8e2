package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A backing store in memory that loses power. What was flushed stays; of the rest every sector by
 * itself ends up as after any one of the writes it had since the last flush, or as before the
 * first. A failed flush loses in the same way, as a disk does whose cache cannot be written.
 *
 * <p>Reads and writes can be made to fail, once or for a range until healed; a failing transfer has
 * moved some of its sectors.
 *
 * <p>Thread-safety: none; it outlives the {@link io.pcache.backing.BackingDevice} that closes it.
 */
public final class SimulatedStore implements BackingStore {
  /** Sees every transfer and flush, and may step the engine's agents while it is under way. */
  public interface TransferListener {
    /** A transfer begins that changes nothing. */
    void beforeRead();

    /** A write or flush begins. Power may be lost here. */
    void beforeChange();

    /** The bytes have moved, and nobody has been told yet. */
    void underWay();
  }

  private record BadRange(long startBytes, long endBytes) {}

  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int FILLER_BYTES = 256 << 10;
  private static final int FILLER_STEP_BYTES = 16 << 10;
  private static final int FILLER_END_BYTES = 64 << 10;
  private static final TransferListener NOBODY =
      new TransferListener() {
        @Override
        public void beforeRead() {}

        @Override
        public void beforeChange() {}

        @Override
        public void underWay() {}
      };

  private final CrashMemory memory;
  private final RandomGenerator random;
  private final UnsyncedWrites unflushed;
  private final List<BadRange> unreadable = new ArrayList<>();
  private final List<BadRange> unwritable = new ArrayList<>();
  private TransferListener listener = NOBODY;
  private int flushesToFail;
  private int writesToFail;
  private int readsToFail;

  /**
   * A store of zeroes.
   *
   * @param random decides what is lost
   */
  public SimulatedStore(int sizeBytes, RandomGenerator random) {
    this(CrashMemory.ofSize(sizeBytes), random, new UnsyncedWrites());
  }

  private SimulatedStore(CrashMemory memory, RandomGenerator random, UnsyncedWrites unflushed) {
    this.memory = memory;
    this.random = random;
    this.unflushed = unflushed;
  }

  /** All bytes, flushed or not, live. */
  public MemorySegment bytes() {
    return memory.bytes();
  }

  /** Tells the listener of every transfer from now on. */
  public void listen(TransferListener newListener) {
    listener = newListener;
  }

  /** Loses power: what was not flushed is kept or lost, sector by sector. */
  public void cutPower() {
    cutPower(new RandomFate(random));
  }

  /** Loses power in a given way. */
  public void cutPower(CrashFate fate) {
    unflushed.crash(memory, SECTOR, SECTOR, fate);
  }

  /** Begins a fork, as {@link CrashMedia#fork}. Faults are not forked. */
  public Fork fork(RandomGenerator itsRandom) {
    int mark = memory.fork();
    return new Fork(this, new SimulatedStore(memory, itsRandom, unflushed.copy()), mark);
  }

  /**
   * A store that is tried out on another one's memory.
   *
   * @param origin the store that was forked
   * @param store the one to try out
   * @param mark where its changes begin
   */
  public record Fork(SimulatedStore origin, SimulatedStore store, int mark)
      implements AutoCloseable {
    /** Takes back all changes since the fork; the origin goes on. */
    @Override
    public void close() {
      origin.memory.rollBack(mark);
    }
  }

  /** Fails the next {@code count} flushes, each of which loses what it should have kept. */
  public void failFlushes(int count) {
    flushesToFail = count;
  }

  /** Fails the next {@code count} writes, some of them half-way. */
  public void failWrites(int count) {
    writesToFail = count;
  }

  /** Fails the next {@code count} reads, some of them half-way. */
  public void failReads(int count) {
    readsToFail = count;
  }

  /** Fails every read that touches a range, until healed. */
  public void failReadsOf(long offsetBytes, long lengthBytes) {
    unreadable.add(new BadRange(offsetBytes, offsetBytes + lengthBytes));
  }

  /** Fails every write that touches a range, until healed. */
  public void failWritesTo(long offsetBytes, long lengthBytes) {
    unwritable.add(new BadRange(offsetBytes, offsetBytes + lengthBytes));
  }

  /** Ends every fault. */
  public void heal() {
    flushesToFail = 0;
    writesToFail = 0;
    readsToFail = 0;
    unreadable.clear();
    unwritable.clear();
  }

  /** Gives up the memory, for good. */
  public void discard() {
    memory.release();
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public long sizeBytes() {
    return memory.bytes().byteSize();
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    listener.beforeRead();
    boolean fails = readsToFail > 0 || touches(unreadable, pieces, offsetBytes);
    readsToFail -= readsToFail > 0 ? 1 : 0;
    long at = offsetBytes;
    for (MemorySegment piece : pieces) {
      if (fails && random.nextBoolean()) {
        break;
      }
      MemorySegment.copy(memory.bytes(), at, piece, 0, piece.byteSize());
      at += piece.byteSize();
    }
    listener.underWay();
    if (fails) {
      throw new IOException("injected fault: cannot read");
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    listener.beforeChange();
    boolean fails = writesToFail > 0 || touches(unwritable, pieces, offsetBytes);
    writesToFail -= writesToFail > 0 ? 1 : 0;
    long at = offsetBytes;
    for (MemorySegment piece : pieces) {
      long length = piece.byteSize();
      if (fails && random.nextBoolean()) {
        put(piece, at, SECTOR * random.nextLong(length / SECTOR));
        break;
      }
      put(piece, at, length);
      at += length;
    }
    listener.underWay();
    if (fails) {
      throw new IOException("injected fault: cannot write");
    }
  }

  private void put(MemorySegment piece, long at, long length) {
    if (length > 0 && differs(piece, at, length)) {
      unflushed.add(memory.bytes(), at, length);
      memory.willChange(at, length);
      MemorySegment.copy(piece, 0, memory.bytes(), at, length);
    }
  }

  /**
   * Whether a write changes anything. Long writes are filler, which is zero, but for their ends: in
   * between, a sector here and there is compared.
   */
  private boolean differs(MemorySegment piece, long at, long length) {
    if (length < FILLER_BYTES) {
      return differs(piece, at, 0, length);
    }
    long end = length - FILLER_END_BYTES;
    for (long done = FILLER_END_BYTES; done < end; done += FILLER_STEP_BYTES) {
      if (differs(piece, at, done, SECTOR)) {
        return true;
      }
    }
    return differs(piece, at, 0, FILLER_END_BYTES) || differs(piece, at, end, FILLER_END_BYTES);
  }

  private boolean differs(MemorySegment piece, long at, long from, long length) {
    long to = from + length;
    return MemorySegment.mismatch(memory.bytes(), at + from, at + to, piece, from, to) >= 0;
  }

  private static boolean touches(
      List<BadRange> ranges, List<MemorySegment> pieces, long offsetBytes) {
    if (ranges.isEmpty()) {
      return false;
    }
    long end = offsetBytes;
    for (MemorySegment piece : pieces) {
      end += piece.byteSize();
    }
    for (BadRange range : ranges) {
      if (range.startBytes < end && offsetBytes < range.endBytes) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void flush() throws IOException {
    listener.beforeChange();
    if (flushesToFail > 0) {
      flushesToFail--;
      cutPower();
      throw new IOException("injected fault: cannot flush");
    }
    unflushed.clear();
    listener.underWay();
  }

  @Override
  public void close() {
    // The bytes stay, for whoever opens it again.
  }
}
