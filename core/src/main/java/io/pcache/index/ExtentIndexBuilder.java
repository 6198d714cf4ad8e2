package io.pcache.index;

import io.pcache.block.BlockDevice;
import io.pcache.error.NoSpaceException;
import io.pcache.format.Key;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Builds an index from many keys in the order in which they were written. That is far faster than
 * an {@link ExtentIndex#put(Key)} for each. A key is only appended as a note behind the extents of
 * its subtree. When the room for notes is full, all notes of the subtree are merged into its
 * extents at once.
 *
 * <pre>
 *   entries of a subtree   │ extents, ascending │ notes, as they came │ room │
 * </pre>
 *
 * <p>The room is in proportion to the extents. So noting a key costs one memory access, and merging
 * takes a few steps per key, however large the index is. An extent never takes more memory than the
 * finished index may take for it.
 *
 * <p>Thread-safety: one thread fills a share, and several shares may be filled at the same time.
 * {@link #build} is called after all shares are finished, by a thread that sees their results.
 */
public final class ExtentIndexBuilder {
  /** Most subtrees of a sparse index never hold more. */
  private static final int FIRST_CAPACITY = 2;

  private static final int ARRAY_HEADER_BYTES = 16;

  /** Room for notes: half the number of extents. */
  private static final int ROOM_SHARE = 2;

  /** With this room, four extents take no more than the finished index counts for them. */
  private static final int LEAST_ROOM = 2;

  /** The room left after a merge is reused if it is more than a quarter of the extents. */
  private static final int LEAST_ROOM_SHARE = 4;

  /**
   * Consecutive subtrees that belong to one share, so that shares do not write to adjacent memory.
   */
  private static final int RUN_SUBTREES = 16;

  private static final long[] NOTHING = {};

  private final long[][] entries;
  private final int[] counts;
  private final long @Nullable [][] sourceKeys;
  private final int longsPerEntry;
  private final long maxHeapBytes;

  /** The size of tables, extents and notes, at most the limit of the finished index. */
  private final LongAdder entryBytes = new LongAdder();

  /**
   * Creates a builder of an empty index, as {@link ExtentIndex#ExtentIndex(long, boolean)} does.
   *
   * @param maxHeapBytes limit of the index's heap, as {@link ExtentIndex#heapBytes()} counts it
   * @throws NoSpaceException if an empty index would take more
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

  /** One of {@code shares} parts of the subtrees. Every subtree is in exactly one of them. */
  public Share share(int number, int shares) {
    return new Share(number, shares);
  }

  /**
   * Returns the index, after all shares are finished. The builder must not be used any more.
   *
   * @throws NoSpaceException if the index takes more of the heap than its limit
   */
  public ExtentIndex build() {
    ExtentIndex index = new ExtentIndex(entries, counts, sourceKeys);
    checkFits(index.heapBytes());
    return index;
  }

  private static int roomFor(int count) {
    return count == 0 ? FIRST_CAPACITY : count + Math.max(LEAST_ROOM, count / ROOM_SHARE);
  }

  /** The size of an array. The shared empty array counts as 0. */
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
     * Does the same as {@link ExtentIndex#put(Key)}, for a range in this share.
     *
     * @throws NoSpaceException if the index would take more of the heap than its limit
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

    /**
     * Makes a range in this share missing.
     *
     * @param offsetBytes logical start; the range stays inside one subtree
     * @param lengthBytes length, a multiple of 512 above 0
     * @throws NoSpaceException if the index would take more of the heap than its limit
     */
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

    /** Merges the remaining notes, and frees the room for notes. */
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
