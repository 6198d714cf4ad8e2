package io.pcache.index;

import io.pcache.block.BlockDevice;
import io.pcache.error.NoSpaceException;
import io.pcache.format.Key;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Builds an index from many keys in the order in which they were written, far faster than one
 * {@link ExtentIndex#put(Key)} after the other: a key is only noted behind its subtree's extents,
 * and once their room is used up all of a subtree's notes are merged into its extents at once.
 *
 * <pre>
 *   entries of a subtree   │ extents, ascending │ notes, as they came │ room │
 * </pre>
 *
 * <p>The room is in proportion to the extents, so noting costs one access to memory and merging a
 * few steps for each key, however large the index; and an extent never takes more memory than the
 * finished index may.
 *
 * <p>Thread-safety: shares may be filled by one thread each at the same time; {@link #build} comes
 * after all of them are finished, and sees what they have done.
 */
public final class ExtentIndexBuilder {
  /** Most subtrees of a sparse index never hold more. */
  private static final int FIRST_CAPACITY = 2;

  private static final int ARRAY_HEADER_BYTES = 16;

  /** Room for notes: half as many as there are extents. */
  private static final int ROOM_SHARE = 2;

  /** With it four extents and their room take no more than the finished index counts for them. */
  private static final int LEAST_ROOM = 2;

  /** What is left after a merge is used again where it is more than a quarter of the extents. */
  private static final int LEAST_ROOM_SHARE = 4;

  /**
   * Subtrees that follow each other belong to one share, so that shares do not write next to each
   * other.
   */
  private static final int RUN_SUBTREES = 16;

  private static final long[] NOTHING = {};

  private final long[][] entries;
  private final int[] counts;
  private final long @Nullable [][] sourceKeys;
  private final int longsPerEntry;
  private final long maxHeapBytes;

  /** What the tables, extents and notes take: no more than what the finished index may. */
  private final LongAdder entryBytes = new LongAdder();

  /**
   * As {@link ExtentIndex#ExtentIndex(long, boolean)}.
   *
   * @param maxHeapBytes what the index may take of the heap, as {@link ExtentIndex#heapBytes()}
   *     counts it
   * @throws NoSpaceException where an empty index would take more
   */
  public ExtentIndexBuilder(long deviceBytes, boolean withSourceKeys, long maxHeapBytes) {
    this.maxHeapBytes = maxHeapBytes;
    entryBytes.add(ExtentIndex.emptyHeapBytes(deviceBytes, withSourceKeys));
    checkFits(entryBytes.sum());
    int n = ExtentIndex.subtreesOf(deviceBytes);
    entries = new long[n][];
    Arrays.fill(entries, NOTHING);
    counts = new int[n];
    sourceKeys = withSourceKeys ? new long[n][] : null;
    longsPerEntry = withSourceKeys ? 2 : 1;
  }

  /** One of {@code shares} parts of the subtrees, every subtree being in one of them. */
  public Share share(int number, int shares) {
    return new Share(number, shares);
  }

  /**
   * The index, once all shares are finished. The builder must not be used any more.
   *
   * @throws NoSpaceException where it takes more of the heap than it may
   */
  public ExtentIndex build() {
    ExtentIndex index = new ExtentIndex(entries, counts, sourceKeys);
    checkFits(index.heapBytes());
    return index;
  }

  private static int roomFor(int count) {
    return count == 0 ? FIRST_CAPACITY : count + Math.max(LEAST_ROOM, count / ROOM_SHARE);
  }

  /** The shared empty array counts as nothing. */
  private static long arrayBytes(long[] array) {
    return array.length == 0 ? 0 : ARRAY_HEADER_BYTES + (long) array.length * Long.BYTES;
  }

  private void checkFits(long heapBytes) {
    if (heapBytes > maxHeapBytes) {
      throw full();
    }
  }

  private static NoSpaceException full() {
    return new NoSpaceException("the index does not fit what it may take of the heap");
  }

  /** Some of the subtrees, filled by one thread. */
  public final class Share {
    private final int number;
    private final int shares;
    private final SubtreeMerge merge = new SubtreeMerge(longsPerEntry);

    private Share(int number, int shares) {
      this.number = number;
      this.shares = shares;
    }

    /** Whether the subtree that holds a logical byte is in this share. */
    public boolean holds(long offsetBytes) {
      return shares == 1 || holdsSubtree(ExtentIndex.subtreeOf(offsetBytes));
    }

    private boolean holdsSubtree(int subtree) {
      return subtree / RUN_SUBTREES % shares == number;
    }

    /**
     * {@link ExtentIndex#put(Key)} for a range that this share holds.
     *
     * @throws NoSpaceException where the index would take more of the heap than it may
     */
    public void put(Key key) {
      int length = key.lengthBytes() / BlockDevice.SECTOR_BYTES;
      int segSector = key.segOffsetBytes() / BlockDevice.SECTOR_BYTES;
      note(
          key.offsetBytes(),
          length,
          key.cacheSegId(),
          segSector,
          key.isClean() ? Extent.CLEAN : 0,
          SourceKey.pack(segSector, length, key.dataCrc()));
    }

    /** {@link ExtentIndex#removeRange} for a range that this share holds. */
    public void removeRange(long offsetBytes, int lengthBytes) {
      note(offsetBytes, lengthBytes / BlockDevice.SECTOR_BYTES, 0, 0, Extent.REMOVAL, 0);
    }

    private void note(
        long offsetBytes, int length, int cacheSegId, int segSector, long flags, long sourceKey) {
      int subtree = ExtentIndex.subtreeOf(offsetBytes);
      int sector = ExtentIndex.sectorInSubtree(offsetBytes);
      Extent.checkInsideSubtree(sector, length);
      int at = counts[subtree] * longsPerEntry;
      if (at == entries[subtree].length) {
        makeRoom(subtree);
        at = counts[subtree] * longsPerEntry;
      }
      long[] target = entries[subtree];
      target[at] = Extent.pack(sector, length, cacheSegId, segSector, flags);
      if (longsPerEntry > 1) {
        target[at + 1] = sourceKey;
      }
      counts[subtree]++;
    }

    private void makeRoom(int subtree) {
      long[] old = entries[subtree];
      merge.merge(old, counts[subtree]);
      int count = merge.count();
      int used = count * longsPerEntry;
      long[] target = old;
      if (used + used / LEAST_ROOM_SHARE >= old.length) {
        target = new long[roomFor(count) * longsPerEntry];
        entryBytes.add(arrayBytes(target) - arrayBytes(old));
        checkFits(entryBytes.sum());
      }
      System.arraycopy(merge.merged(), 0, target, 0, used);
      entries[subtree] = target;
      counts[subtree] = count;
    }

    /** Merges what is left, and gives back the room for notes. */
    public void finish() {
      for (int subtree = 0; subtree < counts.length; subtree++) {
        if (holdsSubtree(subtree)) {
          finish(subtree);
        }
      }
    }

    private void finish(int subtree) {
      merge.merge(entries[subtree], counts[subtree]);
      int count = merge.count();
      long[] merged = merge.merged();
      long[] extents = ExtentIndex.arrayFor(count);
      counts[subtree] = count;
      entries[subtree] = extents;
      for (int i = 0; i < count; i++) {
        extents[i] = merged[i * longsPerEntry];
      }
      if (sourceKeys != null) {
        long[] own = ExtentIndex.arrayFor(count);
        for (int i = 0; i < count; i++) {
          own[i] = merged[i * longsPerEntry + 1];
        }
        sourceKeys[subtree] = own;
      }
    }
  }
}
