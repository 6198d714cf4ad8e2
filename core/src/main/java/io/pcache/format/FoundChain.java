package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A segment chain that may lack links. pcache and the kernel chain segments in physical order when
 * they format. So missing links can be inferred if all remaining links follow that order.
 *
 * @param chain the whole chain
 * @param missing physical segments whose segment_info must be rewritten
 */
public record FoundChain(SegmentChain chain, List<Integer> missing) {
  /** Copies the list. */
  public FoundChain {
    missing = List.copyOf(missing);
  }

  /**
   * Returns the number of segments of a chain in physical order, from its segment_info records
   * alone; 0 if there are none.
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
   * Reads the chain, and completes it if the missing links can be inferred.
   *
   * @param segId the chain's first segment
   * @param segments the chain's length
   * @throws CorruptMediaException if they cannot be inferred
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
      // No link may be missing in any other order. This call throws if one is, and names it.
      SegmentChain chain = SegmentChain.load(media, new CacheInfo(segId, segments, 0));
      return new FoundChain(chain, List.of());
    }
    return new FoundChain(SegmentChain.inPhysicalOrder(segments), missing);
  }

  /** Writes the missing records. Not synced. */
  public void storeMissing(Media media) {
    for (int segment : missing) {
      SegmentChain.storeInPhysicalOrder(media, segment, chain.segments());
    }
  }
}
