package io.pcache.testkit.simulation;

import io.pcache.format.Identity;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.LogImage;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Damages a byte that matters: of a key set, or of cached data that is covered by a checksum. What
 * is damaged stays so on every read.
 */
final class BitRot {
  private static final int LAST_FLAGS_OFFSET = 16;

  /** What checksums cover. */
  enum Covered {
    KEY_SETS,
    KEY_SETS_AND_DATA
  }

  private record Range(long offsetBytes, int lengthBytes) {}

  private final LogImage image;
  private final RandomGenerator random;

  BitRot(LogImage image, RandomGenerator random) {
    this.image = image;
    this.random = random;
  }

  /** Flips bits of one byte. Returns where, or -1 where there is nothing to damage. */
  long damage(CrashMedia media, Covered covered) {
    List<Range> ranges = new ArrayList<>();
    LogAddress end = end();
    boolean isKernels = isKernels(media, end);
    LogAddress at = image.keyTail().orElseThrow();
    while (image.read(at)) {
      // One bit in the flags is all that tells a LAST key set from one whose flags a power cut left
      // out, which never was acknowledged: see docs/durability.md.
      int size =
          image.isLast()
              ? LAST_FLAGS_OFFSET
              : LogImage.KSET_HEADER_BYTES + image.keys() * LogImage.KEY_BYTES;
      // Nothing tells a key set that the kernel tore from its last one, or from one that refers to
      // another segment, where that is damaged.
      if (!isKernels || !(image.isLast() || image.after(at).equals(end))) {
        ranges.add(new Range(LogImage.dataOffset(at.cacheSegId(), at.segOffsetBytes()), size));
      }
      int dataRanges = covered == Covered.KEY_SETS_AND_DATA ? image.keys() : 0;
      for (int i = 0; i < dataRanges; i++) {
        if (image.off(i) < ContentMap.FILLER_OFFSET) {
          long data = LogImage.dataOffset(image.segment(i), image.segmentOffset(i));
          ranges.add(new Range(data, image.len(i)));
        }
      }
      at = image.after(at);
    }
    if (ranges.isEmpty()) {
      return -1;
    }
    Range range = ranges.get(random.nextInt(ranges.size()));
    long offset = range.offsetBytes + random.nextInt(range.lengthBytes);
    media.rot(offset, 1 + random.nextInt(255));
    return offset;
  }

  private LogAddress end() {
    LogAddress at = image.keyTail().orElseThrow();
    while (image.read(at)) {
      at = image.after(at);
    }
    return at;
  }

  /** Whether the kernel may have appended to the log last, as far as the engine can know. */
  private boolean isKernels(CrashMedia media, LogAddress end) {
    LogBounds log =
        new LogBounds(image.keyTail().orElseThrow(), image.dirtyTail().orElseThrow(), end);
    return Identity.load(media)
        .filter(identity -> identity.open() || identity.closedLog().equals(log))
        .isEmpty();
  }
}
