package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A segment chain of which links may be missing. Everybody who formats chains segments in physical
 * order, so a missing link is known where every link that is left says so.
 *
 * @param chain the whole chain
 * @param missing physical segments whose segment_info has to be written again
 */
public record FoundChain(SegmentChain chain, List<Integer> missing) {
  /** Copies the list. */
  public FoundChain {
    missing = List.copyOf(missing);
  }

  /**
   * How many segments a chain in physical order has, by its segment_info records alone; 0 where
   * there are none.
   */
  public static int segmentsOn(Media media) {
    for (int last = MediaLayout.segmentsOn(media.sizeBytes()) - 1; last >= 0; last--) {
      if (SegmentChain.isRecorded(media, last)) {
        return last + 1;
      }
    }
    return 0;
  }

  /**
   * Reads the chain, and completes it where it can be told how.
   *
   * @param segId where it starts
   * @param segments how long it is
   * @throws CorruptMediaException where it cannot be told
   */
  public static FoundChain on(Media media, int segId, int segments) {
    List<Integer> missing = new ArrayList<>();
    boolean inOrder = segId == 0;
    for (int i = 0; i < segments; i++) {
      OptionalInt next = SegmentChain.link(media, i);
      boolean last = i == segments - 1;
      if (next.isPresent()) {
        inOrder &= !last && next.getAsInt() == i + 1;
      } else if (!last || !SegmentChain.isRecorded(media, i)) {
        missing.add(i);
      }
    }
    if (!inOrder || missing.size() == segments) {
      // In any other order nothing may be missing; this says what is.
      SegmentChain chain = SegmentChain.load(media, new CacheInfo(segId, segments, 0));
      return new FoundChain(chain, List.of());
    }
    return new FoundChain(SegmentChain.inPhysicalOrder(segments), missing);
  }

  /** Writes what is missing. Not synced. */
  public void storeMissing(Media media) {
    for (int segment : missing) {
      SegmentChain.storeInPhysicalOrder(media, segment, chain.segments());
    }
  }
}
