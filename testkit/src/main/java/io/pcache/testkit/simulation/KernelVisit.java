package io.pcache.testkit.simulation;

import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentGeneration;
import io.pcache.media.Media;
import io.pcache.testkit.LogImage;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * What the kernel leaves when power is cut while it reclaims: a segment has its next generation,
 * and key_tail still stands before keys that name it.
 */
final class KernelVisit {
  private final LogImage image;
  private final BitSet named = new BitSet();
  private final BitSet dirty = new BitSet();

  KernelVisit(LogImage image) {
    this.image = image;
  }

  /** Reclaims one segment half, durably, if there is one that nothing dirty names. */
  void reclaimHalf(Media media, RandomGenerator random) {
    LogAddress dirtyTail = image.dirtyTail().orElseThrow();
    LogAddress at = image.keyTail().orElseThrow();
    boolean beforeDirtyTail = !at.equals(dirtyTail);
    while (image.read(at)) {
      noteKeys(beforeDirtyTail ? named : dirty);
      at = image.after(at);
      beforeDirtyTail &= !at.equals(dirtyTail);
    }
    named.andNot(dirty);
    if (!named.isEmpty()) {
      int chosen = named.nextSetBit(random.nextInt(named.length()));
      long next = image.generation(chosen) + 1;
      SegmentGeneration.at(media, MediaLayout.segmentOffset(chosen)).store(next);
      media.sync();
    }
  }

  private void noteKeys(BitSet segments) {
    for (int i = 0; i < image.keys(); i++) {
      segments.set(image.segment(i));
    }
  }
}
