package io.pcache.cache.destage;

import io.pcache.block.BlockDevice;
import io.pcache.cache.damage.DirtyExtent;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetReader;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * The writes that a key set needs. Where its keys overlap, the later key counts. Neighbouring keys
 * are joined into runs. So the device gets few, long, vectored writes in any order, with the same
 * result.
 *
 * <p>Not thread-safe.
 */
final class WritebackPlan {
  private static final long MAX_RUN_BYTES = 4 << 20;
  private static final int MAX_RUN_PIECES = 256;

  /**
   * Low bits of an entry of {@link #order}: the key's place in its key set. The key's first sector
   * is above them.
   */
  private static final int KEY_BITS = 7;

  private static final int KEY_MASK = (1 << KEY_BITS) - 1;

  /**
   * Number of requests into which a key set is divided: enough for every thread of the backing
   * device.
   */
  private static final int REQUESTS = 16;

  /**
   * A range of the device and the memory to write there. The memory is empty if the device already
   * has newer data, or if the key's data is damaged.
   */
  record Piece(long offsetBytes, long endBytes, MemorySegment bytes) {
    boolean isWritten() {
      return bytes.byteSize() > 0;
    }
  }

  private final Geometry geometry;
  private final Segments segments;
  private final List<Piece> pieces = new ArrayList<>();
  private final long[] order = new long[KeySetRecord.MAX_KEYS];
  private int next;

  WritebackPlan(Geometry geometry, Segments segments) {
    this.geometry = geometry;
    this.segments = segments;
  }

  /**
   * Plans the dirty keys of the key set that {@code reader} holds.
   *
   * @param damagedKeys keys whose data must not reach the backing device
   */
  void load(KeySetReader reader, BitSet damagedKeys) {
    pieces.clear();
    next = 0;
    int count = sortByOffset(reader);
    int first = 0;
    while (first < count) {
      int past = endOfCluster(reader.bytes(), first, count);
      addCluster(reader.bytes(), first, past, damagedKeys);
      first = past;
    }
  }

  /** Sorts the dirty keys by their offset on the device. Returns their number. */
  private int sortByOffset(KeySetReader reader) {
    int count = 0;
    for (int i = 0; i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      if (!KeyRecord.isClean(reader.bytes(), at)) {
        long sector = KeyRecord.off(reader.bytes(), at) / BlockDevice.SECTOR_BYTES;
        order[count++] = sector << KEY_BITS | i;
      }
    }
    Arrays.sort(order, 0, count);
    return count;
  }

  private static long at(long ordered) {
    return KeySetRecord.keyOffset((int) ordered & KEY_MASK);
  }

  /** Finds the end of a cluster of overlapping keys. Most keys are alone in theirs. */
  private int endOfCluster(MemorySegment keys, int first, int count) {
    long end = endOf(keys, at(order[first]));
    int past = first + 1;
    while (past < count && KeyRecord.off(keys, at(order[past])) < end) {
      end = Math.max(end, endOf(keys, at(order[past])));
      past++;
    }
    return past;
  }

  private static long endOf(MemorySegment keys, long at) {
    return KeyRecord.off(keys, at) + KeyRecord.len(keys, at);
  }

  private void addCluster(MemorySegment keys, int first, int past, BitSet damagedKeys) {
    int from = pieces.size();
    if (past - first > 1) {
      // Reduce the entries to the keys' places in the key set.
      for (int i = first; i < past; i++) {
        order[i] &= KEY_MASK;
      }
      Arrays.sort(order, first, past);
    }
    // From the last key to the first: pieces already planned are newer and stay.
    for (int i = past - 1; i >= first; i--) {
      long at = at(order[i]);
      if (damagedKeys.get((int) order[i] & KEY_MASK) || segments.isStale(keys, at)) {
        addKeptBack(keys, at);
      } else {
        addUncovered(keys, from, at);
      }
    }
    List<Piece> cluster = pieces.subList(from, pieces.size());
    cluster.removeIf(piece -> !piece.isWritten());
    if (cluster.size() > 1) {
      cluster.sort(Comparator.comparingLong(Piece::offsetBytes));
    }
  }

  /** Plans extents that do not overlap each other. */
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

  /**
   * Adds a piece that is not written, for a damaged or a stale key. A stale key was written back
   * before its segment was reclaimed. Older keys of the range must not overwrite it.
   */
  private void addKeptBack(MemorySegment keys, long at) {
    pieces.add(new Piece(KeyRecord.off(keys, at), endOf(keys, at), MemorySegment.NULL));
  }

  /** Adds the parts of a key that no piece from {@code firstPiece} on covers. */
  private void addUncovered(MemorySegment keys, int firstPiece, long at) {
    long from = KeyRecord.off(keys, at);
    long to = endOf(keys, at);
    long mediaAt =
        geometry.mediaOffset(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at));
    List<Piece> newer = overlapping(firstPiece, from, to);
    long covered = from;
    for (Piece piece : newer) {
      add(covered, piece.offsetBytes(), mediaAt + (covered - from));
      covered = Math.max(covered, piece.endBytes());
    }
    add(covered, to, mediaAt + (covered - from));
  }

  private List<Piece> overlapping(int firstPiece, long from, long to) {
    if (firstPiece == pieces.size()) {
      return List.of();
    }
    List<Piece> found = new ArrayList<>();
    for (Piece piece : pieces.subList(firstPiece, pieces.size())) {
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

  /** Number of pieces per request, at least 1. */
  int piecesPerRequest() {
    return Math.max(1, pieces.size() / REQUESTS);
  }

  boolean hasNext() {
    return next < pieces.size();
  }

  /** The next run of pieces that are adjacent on the device. */
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
