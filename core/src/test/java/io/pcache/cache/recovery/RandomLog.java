package io.pcache.cache.recovery;

import io.pcache.block.BlockDevice;
import io.pcache.cache.segment.Geometry;
import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.format.TailPosition;
import io.pcache.index.ExtentIndex;
import io.pcache.index.Removal;
import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A log of random keys on media of its own: of all lengths, clean, dirty and stale, in few places
 * so that most of them meet, in key sets of all sizes on two segments. Knows what they say, one
 * after the other.
 */
final class RandomLog {
  static final int SEGMENTS = 5;

  private static final int LOG_SEGMENTS = 2;
  private static final int KEY_SETS = 400;
  private static final int SUBTREES = 120;
  private static final int BUSY_SUBTREES = 12;
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SUBTREE_SECTORS = MediaLayout.SUBTREE_BYTES / SECTOR;
  private static final int MAX_GENERATION = 2;

  private record ModelKey(
      long off, int len, boolean clean, int segment, int segOff, long generation, int crc) {}

  private record KeySet(LogAddress position, List<ModelKey> keys) {}

  private final Random random;
  private final Geometry geometry;
  private final int[] busySubtrees;
  private final long[] generations = new long[SEGMENTS];
  private final List<KeySet> keySets = new ArrayList<>();
  private LogAddress end = new LogAddress(0, 0);
  private int first;
  private int[] references = new int[SEGMENTS];
  private long dirtyBytes;

  RandomLog(long seed, boolean dataCrc) {
    random = new Random(seed);
    ArrayMedia media = new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS));
    SegmentChain chain = SegmentChain.format(media, SEGMENTS);
    long deviceBytes = (long) SUBTREES * MediaLayout.SUBTREE_BYTES;
    geometry = new Geometry(media, chain, deviceBytes, dataCrc);
    busySubtrees = random.ints(BUSY_SUBTREES, 0, SUBTREES).toArray();
    for (int i = LOG_SEGMENTS; i < SEGMENTS; i++) {
      generations[i] = random.nextInt(MAX_GENERATION + 1);
      SegmentGeneration.at(media, chain.segmentOffset(i)).store(generations[i]);
    }
    for (int i = 0; i < KEY_SETS; i++) {
      if (i == KEY_SETS / 2) {
        continueInNextSegment();
      }
      append(randomKeys());
    }
  }

  private List<ModelKey> randomKeys() {
    List<ModelKey> keys = new ArrayList<>();
    int n = 1 + random.nextInt(KeySetRecord.MAX_KEYS);
    for (int i = 0; i < n; i++) {
      keys.add(randomKey());
    }
    return keys;
  }

  private ModelKey randomKey() {
    int length = 1 + random.nextInt(random.nextInt(100) == 0 ? SUBTREE_SECTORS : 16);
    int sector = random.nextInt(SUBTREE_SECTORS - length + 1);
    long subtree = busySubtrees[random.nextInt(BUSY_SUBTREES)];
    int segment = LOG_SEGMENTS + random.nextInt(SEGMENTS - LOG_SEGMENTS);
    int segSector = random.nextInt(MediaLayout.DATA_AREA_BYTES / SECTOR - length + 1);
    boolean stale = random.nextInt(10) == 0;
    return new ModelKey(
        subtree * MediaLayout.SUBTREE_BYTES + (long) sector * SECTOR,
        length * SECTOR,
        random.nextInt(4) == 0,
        segment,
        segSector * SECTOR,
        stale ? random.nextInt(MAX_GENERATION + 1) : generations[segment],
        random.nextInt());
  }

  private void append(List<ModelKey> keys) {
    int sizeBytes = KeySetRecord.sizeBytes(keys.size());
    MemorySegment bytes = MemorySegment.ofArray(new long[sizeBytes / Long.BYTES]);
    for (int i = 0; i < keys.size(); i++) {
      ModelKey key = keys.get(i);
      new Key()
          .range(key.off(), key.len())
          .clean(key.clean())
          .place(key.segment(), key.segOff())
          .generation(key.generation())
          .dataCrc(key.crc())
          .store(bytes, KeySetRecord.keyOffset(i));
    }
    KeySetRecord.seal(bytes, 0, keys.size());
    write(bytes);
    keySets.add(new KeySet(end, keys));
    end = new LogAddress(end.cacheSegId(), end.segOffsetBytes() + sizeBytes);
  }

  private void continueInNextSegment() {
    MemorySegment bytes = MemorySegment.ofArray(new long[KeySetRecord.HEADER_BYTES / Long.BYTES]);
    KeySetRecord.sealLast(bytes, 0, end.cacheSegId() + 1);
    write(bytes);
    end = new LogAddress(end.cacheSegId() + 1, 0);
  }

  private void write(MemorySegment bytes) {
    long at = geometry.mediaOffset(end.cacheSegId(), end.segOffsetBytes());
    geometry.media().write(at, bytes, 0, bytes.byteSize());
  }

  /** Appends a key set with a valid checksum whose last key cannot be. */
  void appendImpossibleKey() {
    List<ModelKey> keys = randomKeys();
    keys.add(
        new ModelKey(MediaLayout.SUBTREE_BYTES - SECTOR, 2 * SECTOR, false, LOG_SEGMENTS, 0, 2, 0));
    append(keys.subList(keys.size() - 1, keys.size()));
  }

  Geometry geometry() {
    return geometry;
  }

  /** Where the log ends. */
  LogAddress end() {
    return end;
  }

  /** Where a key set begins. */
  LogAddress boundary(int i) {
    return keySets.get(i).position();
  }

  /** Where some key set begins, or the log ends. */
  LogAddress randomBoundary() {
    int i = random.nextInt(KEY_SETS + 1);
    return i == KEY_SETS ? end : boundary(i);
  }

  /** Leaves the first key sets out of {@link #replay}. */
  void beginAt(int keySet) {
    first = keySet;
  }

  void storeTails(LogAddress keyTail, LogAddress dirtyTail) {
    TailPosition.keyTail(geometry.media(), SEGMENTS).storeDurably(keyTail);
    TailPosition.dirtyTail(geometry.media(), SEGMENTS).storeDurably(dirtyTail);
  }

  /** Replays the keys one at a time, and counts. */
  ExtentIndex replay(LogAddress dirtyFrom) {
    ExtentIndex index = new ExtentIndex(geometry.deviceBytes(), geometry.dataCrc());
    references = new int[SEGMENTS];
    dirtyBytes = 0;
    boolean dirty = false;
    for (KeySet keySet : keySets.subList(first, keySets.size())) {
      dirty |= keySet.position().equals(dirtyFrom);
      for (ModelKey key : keySet.keys()) {
        replay(index, key, dirty);
      }
    }
    return index;
  }

  private void replay(ExtentIndex index, ModelKey key, boolean afterDirtyTail) {
    if (key.generation() < generations[key.segment()]) {
      Removal.remove(index, key.off(), key.len());
      return;
    }
    boolean dirty = afterDirtyTail && !key.clean();
    index.put(
        new Key()
            .range(key.off(), key.len())
            .place(key.segment(), key.segOff())
            .clean(!dirty)
            .dataCrc(key.crc()));
    references[key.segment()]++;
    dirtyBytes += dirty ? key.len() : 0;
  }

  /** What the last {@link #replay} counted for a segment. */
  int references(int segment) {
    return references[segment];
  }

  /** What the last {@link #replay} counted. */
  long dirtyBytes() {
    return dirtyBytes;
  }

  /** Whether a segment holds a part of the log. */
  boolean isLog(int segment) {
    return segment < LOG_SEGMENTS;
  }
}
