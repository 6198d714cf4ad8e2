package io.pcache.cache.segment;

import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.media.Media;
import java.util.Arrays;

/**
 * The state of the segments that recovery finds: generations from their records, the rest from the
 * walk. Not thread-safe.
 */
public final class RecoveredSegments {
  /** No segment. */
  public static final int NONE = -1;

  private final int[] references;
  private final long[] generations;
  private final boolean[] log;
  private final int[] nextLog;
  private int lastLog = NONE;

  /** Reads every segment's generation. */
  public RecoveredSegments(Media media, SegmentChain chain) {
    int n = chain.segments();
    references = new int[n];
    generations = new long[n];
    log = new boolean[n];
    nextLog = new int[n];
    Arrays.fill(nextLog, NONE);
    for (int i = 0; i < n; i++) {
      generations[i] = SegmentGeneration.at(media, chain.segmentOffset(i)).load();
    }
  }

  /** Adds references of a part of the keys, one count for each segment. */
  public void addReferences(int[] more) {
    for (int i = 0; i < references.length; i++) {
      references[i] += more[i];
    }
  }

  public void forgetReferences() {
    Arrays.fill(references, 0);
    lastLog = NONE;
  }

  /** Records a log segment. Called in the order of the log. */
  public void markLog(int segment) {
    log[segment] = true;
    if (lastLog != NONE && lastLog != segment) {
      nextLog[lastLog] = segment;
    }
    lastLog = segment;
  }

  /** The log segment that follows another, or {@link #NONE}. */
  int nextLog(int segment) {
    return nextLog[segment];
  }

  /** The segment in which the log ends. */
  public int lastLog() {
    return lastLog;
  }

  public int references(int segment) {
    return references[segment];
  }

  public long generation(int segment) {
    return generations[segment];
  }

  public boolean isLog(int segment) {
    return log[segment];
  }
}
