package io.pcache.index;

import io.pcache.block.BlockDevice;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Maps each logical range to the segment and bytes that hold its newest cached version.
 *
 * <p>The device is divided into subtrees of 4 MiB. A subtree is a sorted array of packed extents. A
 * lookup is an interpolation search, and an insertion shifts the tail. An extent takes 8 bytes, and
 * the garbage collector has no references to follow. With data checksums a second array holds each
 * extent's source key ({@link SourceKey}). That is the whole key that the extent was cut from, and
 * the checksum covers all of it.
 *
 * <p>Invariants: the extents of a subtree are ascending and do not overlap. No extent crosses a
 * subtree.
 *
 * <p>Thread-safety: the caller holds the lock of the subtree's stripe. Only {@link #extentCount()},
 * {@link #heapBytes()} and {@link #hint} need no lock. Distinct subtrees may be used at the same
 * time.
 */
public final class ExtentIndex {
  private static final int FIRST_CAPACITY = 4;

  /** Arrays get a quarter more than is used: room for changes at a bounded cost. */
  private static final int SPARE_SHARE = 4;

  /**
   * An array shrinks when less than three fifths of it are used. So memory follows the content of
   * the cache, not its history: 8 bytes in use cost at most 13⅓.
   */
  private static final int SHRINK_BELOW_FIFTHS = 3;

  /** Extents are counted in units of the smallest array's capacity. */
  private static final int UNIT_EXTENTS = FIRST_CAPACITY;

  /** The most that four extents take, including their array's header and spare room. */
  private static final long UNIT_BYTES = 64;

  /** A count and a reference. Source keys take another reference. */
  private static final long SUBTREE_BYTES = Integer.BYTES + Long.BYTES;

  private static final long[] NOTHING = {};

  private final long[][] subtrees;
  private final int[] counts;
  private final long @Nullable [][] sourceKeys;

  /** The sum over all subtrees of their units of {@link #UNIT_EXTENTS}, each rounded up. */
  private final LongAdder units = new LongAdder();

  /**
   * Creates an empty index.
   *
   * @param deviceBytes size of the logical device
   * @param withSourceKeys whether extents have source keys, which data checksums need
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

  /** Takes over the arrays that {@link ExtentIndexBuilder} has built. */
  ExtentIndex(long[][] subtrees, int[] counts, long @Nullable [][] sourceKeys) {
    this.subtrees = subtrees;
    this.counts = counts;
    this.sourceKeys = sourceKeys;
    for (int count : counts) {
      units.add(units(count));
    }
  }

  /** The units that a number of extents of one subtree count as. */
  public static int units(int extents) {
    return (extents + UNIT_EXTENTS - 1) / UNIT_EXTENTS;
  }

  /** The most heap that this many units take, in bytes. */
  public static long unitBytes(long units, boolean withSourceKeys) {
    return units * (withSourceKeys ? 2 * UNIT_BYTES : UNIT_BYTES);
  }

  /** The most heap that an index of this many extents takes, in bytes, wherever they are. */
  public static long maxHeapBytes(long deviceBytes, boolean withSourceKeys, long extents) {
    long begun = Math.min(extents, subtreesOf(deviceBytes));
    return emptyHeapBytes(deviceBytes, withSourceKeys)
        + unitBytes(begun + (extents - begun) / UNIT_EXTENTS, withSourceKeys);
  }

  /** The heap that an empty index takes, in bytes. */
  public static long emptyHeapBytes(long deviceBytes, boolean withSourceKeys) {
    return subtreesOf(deviceBytes) * (withSourceKeys ? SUBTREE_BYTES + Long.BYTES : SUBTREE_BYTES);
  }

  /**
   * The most heap that the index takes, in bytes. An extent counts 16 bytes, or 32 with source
   * keys. Extents are rounded up to four in each subtree, and the subtrees themselves are added.
   * The result is approximate while other threads change the index.
   */
  public long heapBytes() {
    long fixed = counts.length * (sourceKeys == null ? SUBTREE_BYTES : SUBTREE_BYTES + Long.BYTES);
    return fixed + unitBytes(units.sum(), sourceKeys != null);
  }

  /** The number of subtrees of a device. */
  static int subtreesOf(long deviceBytes) {
    return Math.toIntExact(
        (deviceBytes + MediaLayout.SUBTREE_BYTES - 1) / MediaLayout.SUBTREE_BYTES);
  }

  /** The subtree that holds a logical byte. */
  public static int subtreeOf(long offsetBytes) {
    return (int) (offsetBytes / MediaLayout.SUBTREE_BYTES);
  }

  /** The number of subtrees. */
  public int subtrees() {
    return counts.length;
  }

  /** The number of extents, approximate while other threads change the index. */
  public long extentCount() {
    long sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum;
  }

  /**
   * Maps a key's range to its place in its segment. This replaces all earlier mappings of the
   * range.
   *
   * @param key its range stays inside one subtree; its checksum is ignored without source keys
   */
  public void put(Key key) {
    int sector = sectorInSubtree(key.offsetBytes());
    put(key, likelyPlace(counts[subtreeOf(key.offsetBytes())], sector));
  }

  /**
   * Does the same as {@link #put(Key)}, for a caller that has asked for a {@link #hint} before. The
   * hint only says where the search begins.
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
   * Removes all extents that still point at a key's bytes. So no lookup finds a reclaimed segment.
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
   * Marks all extents that still point at a key's bytes as clean: the backing device has these
   * bytes.
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
   * The current or a recent place of the extent at {@code offsetBytes} in its subtree. A change
   * begins its search there. The call also brings the memory into the processor's cache. So it pays
   * to ask for several hints at a time, or well before the change. Needs no lock, because a wrong
   * hint does no harm.
   */
  public int hint(long offsetBytes) {
    int subtree = subtreeOf(offsetBytes);
    long[] extents = subtrees[subtree];
    int count = Math.min(counts[subtree], extents.length);
    int sector = sectorInSubtree(offsetBytes);
    return firstEndingAfter(extents, count, sector, likelyPlace(count, sector));
  }

  /**
   * Sets a cursor to the first extent that ends after {@code offsetBytes}. The caller keeps the
   * lock while it uses the cursor.
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
   * Finds the first extent that ends after a sector. Ends ascend because extents do not overlap.
   * The search starts where the extent would be if all were evenly spread. It gallops from there,
   * and ends with a binary search. In a well-filled subtree that reads one cache line, where a pure
   * binary search reads five. One miss in the processor's cache costs more than all steps of a
   * binary search.
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

  /**
   * Finds the first extent that starts at or after a sector. A linear scan suffices: the caller is
   * about to replace the extents that it passes.
   */
  private static int firstStartingAtOrAfter(long[] extents, int count, int from, int sector) {
    int at = from;
    while (at < count && Extent.sector(extents[at]) < sector) {
      at++;
    }
    return at;
  }

  /**
   * Replaces the extents from {@code first} to before {@code past} by room for {@code inserted}
   * extents.
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

  /** An array for this many extents, with spare room. */
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
