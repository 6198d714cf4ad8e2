package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A backing store in memory that loses power. What was flushed stays; of the rest every sector by
 * itself ends up as after any one of the writes it had since the last flush, or as before the
 * first. A failed flush loses in the same way, as a disk does whose cache cannot be written.
 *
 * <p>Thread-safety: none; it outlives the {@link io.pcache.backing.BackingDevice} that closes it.
 */
public final class SimulatedStore implements BackingStore {
  private final MemorySegment bytes;
  private final RandomGenerator random;
  private final UnsyncedWrites unflushed = new UnsyncedWrites();
  private int flushesToFail;
  private int writesToFail;

  /**
   * A store of zeroes.
   *
   * @param random decides what is lost
   */
  public SimulatedStore(int sizeBytes, RandomGenerator random) {
    this.bytes = MemorySegment.ofArray(new byte[sizeBytes]);
    this.random = random;
  }

  /** All bytes, flushed or not, live. */
  public MemorySegment bytes() {
    return bytes;
  }

  /** Loses power: what was not flushed is kept or lost, sector by sector. */
  public void cutPower() {
    unflushed.crash(bytes, SectorContent.SECTOR_BYTES, SectorContent.SECTOR_BYTES, random);
  }

  /** Fails the next {@code count} flushes, each of which loses what it should have kept. */
  public void failFlushes(int count) {
    flushesToFail = count;
  }

  /** Fails the next {@code count} writes, some of them half-way. */
  public void failWrites(int count) {
    writesToFail = count;
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public long sizeBytes() {
    return bytes.byteSize();
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) {
    long at = offsetBytes;
    for (MemorySegment piece : pieces) {
      MemorySegment.copy(bytes, at, piece, 0, piece.byteSize());
      at += piece.byteSize();
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    long at = offsetBytes;
    for (MemorySegment piece : pieces) {
      if (writesToFail > 0 && random.nextBoolean()) {
        writesToFail--;
        throw new IOException("injected fault: cannot write");
      }
      MemorySegment target = bytes.asSlice(at, piece.byteSize());
      if (target.mismatch(piece) >= 0) {
        unflushed.add(bytes, at, piece.byteSize());
        target.copyFrom(piece);
      }
      at += piece.byteSize();
    }
  }

  @Override
  public void flush() throws IOException {
    if (flushesToFail > 0) {
      flushesToFail--;
      cutPower();
      throw new IOException("injected fault: cannot flush");
    }
    unflushed.clear();
  }

  @Override
  public void close() {
    // The bytes stay, for whoever opens it again.
  }
}
