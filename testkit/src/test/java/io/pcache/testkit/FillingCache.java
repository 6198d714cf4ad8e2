package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeStateVisitor;
import io.pcache.block.RequestBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * The simplest cache whose misses are slow: what a miss read enters the cache some requests later.
 * It can forget to look whether a write came in between, or to keep the sectors of a write
 * together.
 *
 * <p>Thread-safety: one lock around everything; what is wrong with it is wrong in any interleaving.
 */
final class FillingCache implements BlockDevice {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int FILL_AFTER_REQUESTS = 40;
  private static final int MAX_CACHED_SECTORS = 100;

  private final byte[] backing;
  private final Fault fault;
  private final Map<Long, byte[]> cached = new HashMap<>();
  private final ArrayDeque<Fill> fills = new ArrayDeque<>();
  private long requests;

  /** What it does wrong. */
  enum Fault {
    NONE,
    FILLS_OVER_NEWER_WRITES,
    TEARS_SECTORS,
    FORGETS_A_WRITE
  }

  private record Fill(long sector, byte[] content, long dueAt) {}

  FillingCache(int sizeBytes, Fault fault) {
    this.backing = new byte[sizeBytes];
    this.fault = fault;
  }

  @Override
  public long sizeBytes() {
    return backing.length;
  }

  @Override
  public void submit(BlockRequest request) {
    request.begin();
    synchronized (this) {
      requests++;
      fillWhatIsDue();
      for (long at = 0; at < request.lengthBytes(); at += SECTOR) {
        long sector = (request.offsetBytes() + at) / SECTOR;
        switch (request.op()) {
          case READ -> read(sector, sectorAt(request.buffer(), at));
          case WRITE -> write(sector, sectorAt(request.buffer(), at));
          default -> {}
        }
      }
    }
    request.release();
  }

  /** The tests of this device give it buffers of one piece. */
  private static MemorySegment sectorAt(RequestBuffer buffer, long at) {
    return buffer.memory(0).asSlice(buffer.memoryOffsetBytes(0, at), SECTOR);
  }

  private void fillWhatIsDue() {
    while (!fills.isEmpty() && fills.peekFirst().dueAt() <= requests) {
      Fill fill = fills.removeFirst();
      if (cached.size() >= MAX_CACHED_SECTORS) {
        cached.clear();
      }
      cached.put(fill.sector(), fill.content());
    }
  }

  private void read(long sector, MemorySegment destination) {
    byte[] content = cached.get(sector);
    if (content == null) {
      content = new byte[SECTOR];
      System.arraycopy(backing, (int) sector * SECTOR, content, 0, SECTOR);
      fills.addLast(new Fill(sector, content, requests + FILL_AFTER_REQUESTS));
    }
    destination.copyFrom(MemorySegment.ofArray(content));
  }

  private void write(long sector, MemorySegment source) {
    if (fault == Fault.FORGETS_A_WRITE && requests % 500 == 0) {
      return;
    }
    int length = fault == Fault.TEARS_SECTORS && requests % 500 == 0 ? SECTOR / 2 : SECTOR;
    MemorySegment.copy(source, 0, MemorySegment.ofArray(backing), sector * SECTOR, length);
    cached.remove(sector);
    if (fault != Fault.FILLS_OVER_NEWER_WRITES) {
      fills.removeIf(fill -> fill.sector() == sector);
    }
  }

  @Override
  public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    throw new UnsupportedOperationException("nobody asks");
  }
}
