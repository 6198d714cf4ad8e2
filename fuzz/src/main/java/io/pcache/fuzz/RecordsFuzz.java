package io.pcache.fuzz;

import io.pcache.error.PcacheException;
import io.pcache.format.BadExtentList;
import io.pcache.format.CacheInfo;
import io.pcache.format.Checksum;
import io.pcache.format.Identity;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.format.Superblock;
import io.pcache.format.TailPosition;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Every record outside the log. The first byte chooses the record and whether its checksum is made
 * right, the second the slot; the rest is what lies there.
 */
public final class RecordsFuzz {
  private static final int SEGMENTS = 3;
  private static final int SEALED_FLAG = 0x80;
  private static final FuzzMedia MEDIA = new FuzzMedia(SEGMENTS);

  private RecordsFuzz() {}

  private enum Kind {
    SUPERBLOCK(MediaLayout.SUPERBLOCK_OFFSET, 4096, 0),
    CACHE_INFO(MediaLayout.CACHE_INFO_OFFSET, 24, 4096),
    SEGMENT_INFO(MediaLayout.SEGMENTS_OFFSET, 16, 4096),
    KEY_TAIL(MediaLayout.KEY_TAIL_OFFSET, 16, 16),
    DIRTY_TAIL(MediaLayout.DIRTY_TAIL_OFFSET, 16, 16),
    GENERATION(MediaLayout.SEGMENTS_OFFSET + MediaLayout.GENERATION_OFFSET, 16, 16),
    IDENTITY(MediaLayout.IDENTITY_OFFSET, 1024, 2048),
    BAD_EXTENTS(MediaLayout.IDENTITY_OFFSET + 1024, 1024, 2048);

    private final long offsetBytes;
    private final int sizeBytes;
    private final int strideBytes;

    Kind(long offsetBytes, int sizeBytes, int strideBytes) {
      this.offsetBytes = offsetBytes;
      this.sizeBytes = sizeBytes;
      this.strideBytes = strideBytes;
    }
  }

  /** Carries one input out. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    int choice = input.u8();
    Kind[] kinds = Kind.values();
    Kind kind = kinds[(choice & ~SEALED_FLAG) % kinds.length];
    long offset = kind.offsetBytes + (long) (input.u8() & 1) * kind.strideBytes;
    byte[] content = Arrays.copyOf(input.rest(), kind.sizeBytes);
    if ((choice & SEALED_FLAG) != 0) {
      MemorySegment sealed = MemorySegment.ofArray(content);
      sealed.set(
          LittleEndian.U32,
          0,
          Checksum.of(sealed, Integer.BYTES, kind.sizeBytes - (long) Integer.BYTES));
    }
    MEDIA.format(false);
    MEDIA.poke(offset, content);
    try {
      load();
    } catch (PcacheException refused) {
      Require.saysSomething(refused);
    }
  }

  private static void load() {
    Identity.load(MEDIA)
        .ifPresent(identity -> {
          Require.that(identity.samples().size() == Identity.SAMPLES, "all samples");
          identity.storeDurably(MEDIA);
          Require.that(Identity.load(MEDIA).orElseThrow().equals(identity), "read as written");
        });
    for (BadExtentList.Range range : BadExtentList.load(MEDIA)) {
      Require.that(range.offsetBytes() >= 0, "a range starts on the device");
      Require.that(range.endBytes() > range.offsetBytes(), "a range has a length");
    }
    CacheInfo info = CacheInfo.load(MEDIA, Superblock.load(MEDIA));
    Require.that(info.segments() > 0 && info.segments() <= SEGMENTS, "segments exist");
    Require.that(info.gcPercent() <= CacheInfo.MAX_GC_PERCENT, "a gc_percent in range");
    SegmentChain chain = SegmentChain.load(MEDIA, info);
    for (int i = 0; i < chain.segments(); i++) {
      long at = chain.segmentOffset(i);
      Require.that(at + MediaLayout.SEGMENT_BYTES <= MEDIA.sizeBytes(), "a segment on the device");
      long unused = SegmentGeneration.at(MEDIA, at).load();
    }
    isInLog(TailPosition.keyTail(MEDIA, info.segments()).load(), chain);
    isInLog(TailPosition.dirtyTail(MEDIA, info.segments()).load(), chain);
  }

  private static void isInLog(LogAddress position, SegmentChain chain) {
    Require.that(
        position.cacheSegId() >= 0
            && position.cacheSegId() < chain.segments()
            && position.segOffsetBytes() >= 0
            && position.segOffsetBytes() + KeySetRecord.HEADER_BYTES <= MediaLayout.DATA_AREA_BYTES,
        "a position in the log with room for a header");
  }
}
