package io.pcache.cache.segment;

import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.media.EmptyMedia;
import io.pcache.stress.Interleavings;
import java.util.concurrent.locks.ReentrantLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Who found a segment in the index reads its bytes, however it is reclaimed meanwhile. */
class SegmentsInterleavingTest {
  private static final long DEVICE_BYTES = 1 << 20;

  @Test
  void aPinnedSegmentIsNotUsedAgain() {
    Interleavings.tryAll(ReadWhileReclaimed.class, SegmentGeneration.class, EmptyMedia.class);
  }

  /** Two segments: one is the log's reserve, so data has the other. */
  static Segments twoSegments() {
    EmptyMedia media = new EmptyMedia();
    SegmentChain chain = SegmentChain.format(media, 2);
    Geometry geometry = new Geometry(media, chain, DEVICE_BYTES, false);
    return new Segments(geometry, new RecoveredSegments(media, chain));
  }

  /** One data segment that is written, read, reclaimed, and written again. */
  public static final class ReadWhileReclaimed {
    private final Segments segments = twoSegments();
    private final ReentrantLock stripe = new ReentrantLock();
    private int indexed = Segments.NONE;
    private long indexedGeneration;
    private volatile long bytes = -1;

    /** Fills a segment, if one is free and nothing is indexed. */
    @Operation
    public void write() {
      int segment = segments.takeForData();
      if (segment == Segments.NONE) {
        return;
      }
      bytes = segments.generation(segment);
      segments.releaseHead(segment, 1);
      stripe.lock();
      try {
        indexed = segment;
        indexedGeneration = segments.generation(segment);
      } finally {
        stripe.unlock();
      }
    }

    /** Whether what is read is what the index names, which it is always. */
    @Operation
    public boolean readsWhatIsIndexed() {
      int found;
      long generation;
      stripe.lock();
      try {
        found = indexed;
        generation = indexedGeneration;
        if (found != Segments.NONE) {
          segments.pin(found);
        }
      } finally {
        stripe.unlock();
      }
      if (found == Segments.NONE) {
        return true;
      }
      boolean right = bytes == generation;
      segments.unpin(found);
      return right;
    }

    /** Takes it out of the index and retires it. One at a time, as the reclaimer is. */
    @Operation(nonParallelGroup = "reclaimer")
    public void reclaim() {
      int found;
      stripe.lock();
      try {
        found = indexed;
        indexed = Segments.NONE;
      } finally {
        stripe.unlock();
      }
      if (found != Segments.NONE) {
        segments.dropReferences(found, 1);
      }
      var _ = segments.retireDead();
    }
  }
}
