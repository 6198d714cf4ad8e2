package io.pcache.cache;

import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.media.Media;
import java.util.Arrays;

/**
 * What recovery learns about the segments: generations from their records, the rest from the walk.
 * Not thread-safe.
 */
final class RecoveredSegments {
  private final int[] references;
  private final long[] generations;
  private final boolean[] log;

  /** Reads every segment's generation. */
  RecoveredSegments(Media media, SegmentChain chain) {
    int n = chain.segments();
    references = new int[n];
    generations = new long[n];
    log = new boolean[n];
    for (int i = 0; i < n; i++) {
      generations[i] = SegmentGeneration.at(media, chain.segmentOffset(i)).load();
    }
  }

  void addReference(int segment) {
    references[segment]++;
  }

  void forgetReferences() {
    Arrays.fill(references, 0);
  }

  void markLog(int segment) {
    log[segment] = true;
  }

  int references(int segment) {
    return references[segment];
  }

  long generation(int segment) {
    return generations[segment];
  }

  boolean isLog(int segment) {
    return log[segment];
  }
}
