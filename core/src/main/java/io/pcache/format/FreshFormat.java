package io.pcache.format;

import io.pcache.media.Media;
import org.jspecify.annotations.Nullable;

/**
 * Writes a fresh format. The superblock is invalidated first and written last, each durably. So
 * after a crash in between, the device is not a cache.
 */
public final class FreshFormat {
  private FreshFormat() {}

  /**
   * Makes the device an empty cache of as many segments as fit. Durable on return.
   *
   * @param dataCrc whether keys carry a checksum of their data
   * @param label a name for the operator, at most {@link Identity#MAX_LABEL_BYTES}, or null
   */
  public static void write(Media media, boolean dataCrc, @Nullable String label) {
    int segments = MediaLayout.segmentsOn(media.sizeBytes());
    media.zero(0, MediaLayout.SEGMENTS_OFFSET);
    media.sync();
    SegmentChain chain = SegmentChain.format(media, segments);
    media.zero(chain.dataOffset(0), MediaLayout.DATA_AREA_BYTES);
    LogAddress start = new LogAddress(0, 0);
    TailPosition.keyTail(media, segments).storeDurably(start);
    TailPosition.dirtyTail(media, segments).storeDurably(start);
    CacheInfo.fresh(segments, dataCrc).storeDurably(media);
    Identity.fresh(label).storeDurably(media);
    new Superblock(0, segments).store(media);
    media.sync();
  }
}
