package io.pcache.index;

import io.pcache.block.BlockDevice;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Which bytes of which segment hold the newest cached version of each logical range.
 *
 * <p>The device is cut into subtrees of 4 MiB. A subtree is a sorted array of packed extents,
 * searched from a likely place and changed by moving its tail: 8 bytes an extent and nothing for
 * the collector to follow. With data checksums a second array holds, for each extent, the whole key
 * it was cut from ({@link SourceKey}), which is what its checksum covers.
 *
 * <p>Invariants: extents of a subtree are ascending and do not overlap; no extent crosses a
 * subtree.
 *
 * <p>Thread-safety: the caller holds the lock of the subtree's stripe for every method but {@link
 * #extentCount()}, {@link #heapBytes()} and {@link #hint}. Distinct subtrees may be used at the
 * same time.
 */
public final class ExtentIndex {
  private static final int FIRST_CAPACITY = 4;

  /** A quarter more than what is used: room for changes, and never much of it. */
  private static final int SPARE_SHARE = 4;

  /**
   * An array is cut down when less than three fifths of it are used, so memory follows the cache
   * and not its history: 8 bytes of use cost at most 13⅓.
   */
  private static final int SHRINK_BELOW_FIFTHS = 3;

  /** Extents are counted by as many as the smallest array holds. */
  private static final int UNIT_EXTENTS = FIRST_CAPACITY;

  /** What four extents take at most, the header of their array and its spare room included. */
  private static final long UNIT_BYTES = 64;

  /** A count, a reference, and a second reference where there are sourceKeys. */
  private static final long SUBTREE_BYTES = Integer.BYTES + Long.BYTES;

  private static final long[] NOTHING = {};

  private final long[][] subtrees;
  private final int[] counts;
  private final long @Nullable [][] sourceKeys;

  /** How many times {@link #UNIT_EXTENTS} the subtrees hold, each rounded up. */
  private final LongAdder units = new LongAdder();

  /**
   * Creates an empty index.
   *
   * @param deviceBytes size of the logical device
   * @param withSourceKeys whether extents carry what a checksum of their key needs
   */
  public ExtentIndex(long deviceBytes, boolean withSourceKeys) {
    int n = subtreesOf(deviceBytes);
    subtrees = new long[n][];
    Arrays.fill(subtrees, NOTHING);
    counts = new int[n];
    sourceKeys = withSourceKeys ? new long[n][] : null;
    if (sourceKeys != null) {
      Arrays.fill(sourceKeys, NOTHING);
    }
  }

  /** Takes over what {@link ExtentIndexBuilder} has built. */
  ExtentIndex(long[][] subtrees, int[] counts, long @Nullable [][] sourceKeys) {
    this.subtrees = subtrees;
    this.counts = counts;
    this.sourceKeys = sourceKeys;
    for (int count : counts) {
      units.add(units(count));
    }
  }

  /** What extents of one subtree are counted as. */
  static int units(int extents) {
    return (extents + UNIT_EXTENTS - 1) / UNIT_EXTENTS;
  }

  /** What so many units of a few extents take of the heap at most, in bytes. */
  public static long unitBytes(long units, boolean withSourceKeys) {
    return units * (withSourceKeys ? 2 * UNIT_BYTES : UNIT_BYTES);
  }

  /** What an index of that many extents takes of the heap, in bytes, where they lie dense. */
  public static long heapBytes(long deviceBytes, boolean withSourceKeys, long extents) {
    return emptyHeapBytes(deviceBytes, withSourceKeys)
        + unitBytes((extents + UNIT_EXTENTS - 1) / UNIT_EXTENTS, withSourceKeys);
  }

  /** What an index of that many extents takes at most, in bytes, wherever they lie. */
  public static long maxHeapBytes(long deviceBytes, boolean withSourceKeys, long extents) {
    long begun = Math.min(extents, subtreesOf(deviceBytes));
    return emptyHeapBytes(deviceBytes, withSourceKeys)
        + unitBytes(begun + (extents - begun) / UNIT_EXTENTS, withSourceKeys);
  }

  /** What an index takes of the heap while it holds nothing, in bytes. */
  public static long emptyHeapBytes(long deviceBytes, boolean withSourceKeys) {
    return subtreesOf(deviceBytes) * (withSourceKeys ? SUBTREE_BYTES + Long.BYTES : SUBTREE_BYTES);
  }

  /**
   * What the index takes of the heap at most, in bytes: 16 an extent, 32 with sourceKeys, rounded
   * up to four extents in each subtree, and the subtrees themselves. Roughly while others change
   * it.
   */
  public long heapBytes() {
    long fixed = counts.length * (sourceKeys == null ? SUBTREE_BYTES : SUBTREE_BYTES + Long.BYTES);
    return fixed + unitBytes(units.sum(), sourceKeys != null);
  }

  /** How many subtrees a device has. */
  static int subtreesOf(long deviceBytes) {
    return Math.toIntExact(
        (deviceBytes + MediaLayout.SUBTREE_BYTES - 1) / MediaLayout.SUBTREE_BYTES);
  }

  /** The subtree that holds a logical byte. */
  public static int subtreeOf(long offsetBytes) {
    return (int) (offsetBytes / MediaLayout.SUBTREE_BYTES);
  }

  /** How many subtrees there are. */
  public int subtrees() {
    return counts.length;
  }

  /** How many extents there are, roughly while others change the index. */
  public long extentCount() {
    long sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum;
  }

  /**
   * Makes a key's range read from its segment, in place of whatever held it before.
   *
   * @param key its range stays inside one subtree; its checksum is ignored without sourceKeys
   */
  public void put(Key key) {
    int sector = sectorInSubtree(key.offsetBytes());
    put(key, likelyPlace(counts[subtreeOf(key.offsetBytes())], sector));
  }

  /**
   * The same for a caller that has asked for a {@link #hint} before, which only says where to begin
   * to look.
   */
  public void put(Key key, int hint) {
    int sector = sectorInSubtree(key.offsetBytes());
    int length = key.lengthBytes() / BlockDevice.SECTOR_BYTES;
    int segSector = key.segOffsetBytes() / BlockDevice.SECTOR_BYTES;
    long flags = key.isClean() ? Extent.CLEAN : 0;
    Extent.checkInsideSubtree(sector, length);
    long extent = Extent.pack(sector, length, key.cacheSegId(), segSector, flags);
    long sourceKey = SourceKey.pack(segSector, length, key.dataCrc());
    replace(subtreeOf(key.offsetBytes()), sector, sector + length, extent, sourceKey, hint);
  }

  private void replace(int subtree, int from, int to, long extent, long sourceKey, int hint) {
    long[] extents = subtrees[subtree];
    int count = counts[subtree];
    int first = firstEndingAfter(extents, count, from, hint);
    if (first < count
        && Extent.sector(extents[first]) == from
        && Extent.endSector(extents[first]) == to) {
      extents[first] = extent;
      setSourceKey(subtree, first, sourceKey);
      return;
    }
    int past = firstStartingAtOrAfter(extents, count, first, to);
    boolean keepLeft = first < past && Extent.sector(extents[first]) < from;
    boolean keepRight = first < past && Extent.endSector(extents[past - 1]) > to;
    long left = keepLeft ? Extent.cut(extents[first], Extent.sector(extents[first]), from) : 0;
    long right =
        keepRight ? Extent.cut(extents[past - 1], to, Extent.endSector(extents[past - 1])) : 0;
    long leftSourceKey = keepLeft ? sourceKeyAt(subtree, first) : 0;
    long rightSourceKey = keepRight ? sourceKeyAt(subtree, past - 1) : 0;
    int inserted = 1 + (keepLeft ? 1 : 0) + (keepRight ? 1 : 0);
    splice(subtree, first, past, inserted);
    int at = first;
    if (keepLeft) {
      set(subtree, at++, left, leftSourceKey);
    }
    set(subtree, at++, extent, sourceKey);
    if (keepRight) {
      set(subtree, at, right, rightSourceKey);
    }
  }

  /**
   * Makes a range missing.
   *
   * @param offsetBytes logical start; the range stays inside one subtree
   * @param lengthBytes length, a multiple of 512 above 0
   */
  public void removeRange(long offsetBytes, int lengthBytes) {
    int subtree = subtreeOf(offsetBytes);
    int from = sectorInSubtree(offsetBytes);
    int length = lengthBytes / BlockDevice.SECTOR_BYTES;
    Extent.checkInsideSubtree(from, length);
    int hint = likelyPlace(counts[subtree], from);
    // First of all one extent, so that what it overlaps is cut.
    replace(subtree, from, from + length, Extent.pack(from, length, 0, 0, 0), 0, hint);
    int at = firstEndingAfter(subtrees[subtree], counts[subtree], from);
    splice(subtree, at, at + 1, 0);
  }

  /**
   * Removes whatever still points at a key's bytes, so that no lookup meets a reclaimed segment.
   *
   * @param hint a {@link #hint} for the key's start
   */
  public void removeKey(Key key, int hint) {
    int subtree = subtreeOf(key.offsetBytes());
    int from = sectorInSubtree(key.offsetBytes());
    int to = from + key.lengthBytes() / BlockDevice.SECTOR_BYTES;
    int segSector = key.segOffsetBytes() / BlockDevice.SECTOR_BYTES;
    int i = firstEndingAfter(subtrees[subtree], counts[subtree], from, hint);
    while (i < counts[subtree] && Extent.sector(subtrees[subtree][i]) < to) {
      if (Extent.pointsInto(subtrees[subtree][i], from, key.cacheSegId(), segSector)) {
        splice(subtree, i, i + 1, 0);
      } else {
        i++;
      }
    }
  }

  /**
   * Marks whatever still points at a key's bytes as clean: the backing device has them.
   *
   * @param hint a {@link #hint} for the key's start
   */
  public void markKeyClean(Key key, int hint) {
    int subtree = subtreeOf(key.offsetBytes());
    int from = sectorInSubtree(key.offsetBytes());
    int to = from + key.lengthBytes() / BlockDevice.SECTOR_BYTES;
    int segSector = key.segOffsetBytes() / BlockDevice.SECTOR_BYTES;
    long[] extents = subtrees[subtree];
    int count = counts[subtree];
    for (int i = firstEndingAfter(extents, count, from, hint);
        i < count && Extent.sector(extents[i]) < to;
        i++) {
      if (Extent.pointsInto(extents[i], from, key.cacheSegId(), segSector)) {
        extents[i] |= Extent.CLEAN;
      }
    }
  }

  /**
   * Where in its subtree the extent at {@code offsetBytes} is, or was a moment ago: where a change
   * begins to look. A caller that does something long in between, or asks for several hints at a
   * time, finds the memory in the processor's cache by then. Needs no lock: nothing is concluded
   * from it.
   */
  public int hint(long offsetBytes) {
    int subtree = subtreeOf(offsetBytes);
    long[] extents = subtrees[subtree];
    int count = Math.min(counts[subtree], extents.length);
    int sector = sectorInSubtree(offsetBytes);
    return firstEndingAfter(extents, count, sector, likelyPlace(count, sector));
  }

  /**
   * Points a cursor at the first extent that ends after {@code offsetBytes}. The caller keeps
   * holding the lock.
   */
  public void seek(ExtentCursor cursor, long offsetBytes) {
    int subtree = subtreeOf(offsetBytes);
    long[] extents = subtrees[subtree];
    int at = firstEndingAfter(extents, counts[subtree], sectorInSubtree(offsetBytes));
    cursor.reset(
        (long) subtree * MediaLayout.SUBTREE_BYTES,
        extents,
        sourceKeys == null ? null : sourceKeys[subtree],
        at,
        counts[subtree]);
  }

  static int sectorInSubtree(long offsetBytes) {
    return (int) (offsetBytes % MediaLayout.SUBTREE_BYTES) / BlockDevice.SECTOR_BYTES;
  }

  /**
   * The first extent whose end lies after a sector; ends ascend because extents do not overlap.
   * Looked for around the place where it is if extents lie evenly, in growing steps, and then by
   * halving between: in a well-filled subtree that reads one line of memory where halving all of it
   * reads five, and a line that no cache of the processor holds costs more than all the halving.
   */
  private static int firstEndingAfter(long[] extents, int count, int sector) {
    return firstEndingAfter(extents, count, sector, likelyPlace(count, sector));
  }

  private static int firstEndingAfter(long[] extents, int count, int sector, int hint) {
    int low = 0;
    int high = count;
    int probe = hint;
    for (int step = 1; low <= probe && probe < high; step <<= 1) {
      if (Extent.endSector(extents[probe]) <= sector) {
        low = probe + 1;
        probe += step;
      } else {
        high = probe;
        probe -= step;
      }
    }
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Extent.endSector(extents[middle]) <= sector) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int likelyPlace(int count, int sector) {
    return sector * count / Extent.SUBTREE_SECTORS;
  }

  /** What is passed is about to be replaced, so going through it costs no more than that. */
  private static int firstStartingAtOrAfter(long[] extents, int count, int from, int sector) {
    int at = from;
    while (at < count && Extent.sector(extents[at]) < sector) {
      at++;
    }
    return at;
  }

  /**
   * Makes room for {@code inserted} extents in place of those from {@code first} to before {@code
   * past}.
   */
  private void splice(int subtree, int first, int past, int inserted) {
    int count = counts[subtree];
    int newCount = count - (past - first) + inserted;
    subtrees[subtree] = spliced(subtrees[subtree], count, first, past, inserted, newCount);
    if (sourceKeys != null) {
      sourceKeys[subtree] = spliced(sourceKeys[subtree], count, first, past, inserted, newCount);
    }
    counts[subtree] = newCount;
    int moreUnits = units(newCount) - units(count);
    if (moreUnits != 0) {
      units.add(moreUnits);
    }
  }

  private static long[] spliced(
      long[] old, int count, int first, int past, int inserted, int newCount) {
    long[] target = old;
    if (newCount > old.length || isOversized(old.length, newCount)) {
      target = arrayFor(newCount);
      System.arraycopy(old, 0, target, 0, first);
    }
    System.arraycopy(old, past, target, first + inserted, count - past);
    return target;
  }

  /** An array for that many extents, with some room. */
  static long[] arrayFor(int count) {
    return count == 0 ? NOTHING : new long[roomFor(count)];
  }

  private static int roomFor(int count) {
    return Math.max(FIRST_CAPACITY, count + count / SPARE_SHARE);
  }

  private static boolean isOversized(int length, int count) {
    boolean mostlyUnused = count * 5 < length * SHRINK_BELOW_FIFTHS && length > roomFor(count);
    return mostlyUnused || (count == 0 && length > 0);
  }

  private void set(int subtree, int at, long extent, long sourceKey) {
    subtrees[subtree][at] = extent;
    setSourceKey(subtree, at, sourceKey);
  }

  private void setSourceKey(int subtree, int at, long sourceKey) {
    if (sourceKeys != null) {
      sourceKeys[subtree][at] = sourceKey;
    }
  }

  private long sourceKeyAt(int subtree, int at) {
    return sourceKeys == null ? 0 : sourceKeys[subtree][at];
  }
}
