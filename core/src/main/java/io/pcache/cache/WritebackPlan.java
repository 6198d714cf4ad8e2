package io.pcache.cache;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetReader;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * What has to reach the backing device for one key set: where its keys overlap the later one
 * counts, and neighbours are joined into runs, so that the device sees few, long, vectored writes
 * in any order and ends up with the same bytes.
 *
 * <p>Not thread-safe.
 */
final class WritebackPlan {
  private static final long MAX_RUN_BYTES = 4 << 20;
  private static final int MAX_RUN_PIECES = 256;

  /** Into how many requests a key set is cut: enough for every thread of the backing device. */
  private static final int REQUESTS = 16;

  /**
   * A piece of the device with the memory that belongs there; of size 0 where what the device has
   * is newer.
   */
  record Piece(long offsetBytes, long endBytes, MemorySegment bytes) {
    boolean isWritten() {
      return bytes.byteSize() > 0;
    }
  }

  private final Geometry geometry;
  private final Segments segments;
  private final List<Piece> pieces = new ArrayList<>();
  private int next;

  WritebackPlan(Geometry geometry, Segments segments) {
    this.geometry = geometry;
    this.segments = segments;
  }

  /**
   * Plans the dirty keys of the key set that {@code reader} holds.
   *
   * @param damagedKeys which of its keys have data that must not reach the backing device
   */
  void load(KeySetReader reader, BitSet damagedKeys) {
    pieces.clear();
    next = 0;
    // From the last key to the first: what is planned already is newer and stays.
    for (int i = reader.keyCount() - 1; i >= 0; i--) {
      long at = KeySetRecord.keyOffset(i);
      if (!KeyRecord.isClean(reader.bytes(), at)) {
        addUncovered(reader.bytes(), at, damagedKeys.get(i));
      }
    }
    pieces.removeIf(piece -> !piece.isWritten());
    pieces.sort(Comparator.comparingLong(Piece::offsetBytes));
  }

  /** Plans extents, none of which overlaps another. */
  void load(List<DirtyExtent> extents) {
    pieces.clear();
    next = 0;
    for (DirtyExtent extent : extents) {
      long from = extent.offsetBytes();
      add(
          from,
          from + extent.lengthBytes(),
          geometry.mediaOffset(extent.cacheSegId(), extent.segOffsetBytes()));
    }
    pieces.sort(Comparator.comparingLong(Piece::offsetBytes));
  }

  private void addUncovered(MemorySegment keys, long at, boolean damaged) {
    long from = KeyRecord.off(keys, at);
    long to = from + KeyRecord.len(keys, at);
    if (damaged || segments.isStale(keys, at)) {
      // A stale key was written back before its segment was reclaimed: older keys of the range must
      // not be written over it.
      pieces.add(new Piece(from, to, MemorySegment.NULL));
      return;
    }
    long mediaAt =
        geometry.mediaOffset(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at));
    List<Piece> newer = overlapping(from, to);
    long covered = from;
    for (Piece piece : newer) {
      add(covered, piece.offsetBytes(), mediaAt + (covered - from));
      covered = Math.max(covered, piece.endBytes());
    }
    add(covered, to, mediaAt + (covered - from));
  }

  private List<Piece> overlapping(long from, long to) {
    List<Piece> found = new ArrayList<>();
    for (Piece piece : pieces) {
      if (piece.offsetBytes() < to && from < piece.endBytes()) {
        found.add(piece);
      }
    }
    found.sort(Comparator.comparingLong(Piece::offsetBytes));
    return found;
  }

  private void add(long from, long to, long mediaAt) {
    if (from < to) {
      pieces.add(new Piece(from, to, geometry.media().view().asSlice(mediaAt, to - from)));
    }
  }

  /** How many pieces a request has room for, one at least. */
  int piecesPerRequest() {
    return Math.max(1, pieces.size() / REQUESTS);
  }

  boolean hasNext() {
    return next < pieces.size();
  }

  /** The next run of neighbouring pieces; they follow each other on the device without a gap. */
  List<Piece> nextRun() {
    int first = next++;
    long runBytes = pieces.get(first).bytes().byteSize();
    while (next < pieces.size() && next - first < MAX_RUN_PIECES) {
      Piece piece = pieces.get(next);
      runBytes += piece.bytes().byteSize();
      if (piece.offsetBytes() != pieces.get(next - 1).endBytes() || runBytes > MAX_RUN_BYTES) {
        break;
      }
      next++;
    }
    return pieces.subList(first, next);
  }
}
