package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import io.pcache.format.CacheInfo;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.Superblock;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Small simulated caches for one test, given up at its end. */
final class SteppedCaches implements AutoCloseable {
  static final int STORE_BYTES = 32 << 20;

  final ManualClock clock = new ManualClock();
  final SimulatedStore store = new SimulatedStore(STORE_BYTES, new Random(1));
  private final List<CrashMedia> opened = new ArrayList<>();

  /** An empty cache whose log begins at 0:0. */
  CrashMedia format(int segments, CrashGrain grain, boolean dataCrc) {
    CrashMedia media = CrashMedia.blank(SteppedCache.mediaBytes(segments), grain, new Random(1));
    opened.add(media);
    SteppedCache.format(media, dataCrc, MediaLayout.DATA_AREA_BYTES);
    return media;
  }

  SteppedCache open(Media media) {
    return open(media, store);
  }

  SteppedCache open(Media media, BackingStore backing) {
    return SteppedCache.open(media, backing, clock, SteppedCache.tuning(clock, 1, 1));
  }

  SteppedCache openFromUnknownWriter(Media media) {
    return SteppedCache.open(
        media, store, clock, SteppedCache.tuning(clock, 1, 1), LogEnd.Writer.UNKNOWN);
  }

  static SegmentChain chain(Media media) {
    return SegmentChain.load(media, CacheInfo.load(media, Superblock.load(media)));
  }

  @Override
  public void close() {
    opened.forEach(CrashMedia::discard);
  }
}
