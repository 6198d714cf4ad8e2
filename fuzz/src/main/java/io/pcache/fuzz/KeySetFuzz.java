package io.pcache.fuzz;

import io.pcache.error.PcacheException;
import io.pcache.format.CacheInfo;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.Superblock;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogEnd;
import io.pcache.log.LogWalk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A key set, alone: 1 byte that says whether magic, checksum or nothing is made right, 2 bytes how
 * far from its segment's end it begins, then the key set. It is read, walked over, and looked for
 * behind the end of the log.
 */
public final class KeySetFuzz {
  private static final int SEGMENTS = 3;
  private static final long DEVICE_BYTES = 64L << 20;
  private static final FuzzMedia MEDIA = new FuzzMedia(SEGMENTS);

  private KeySetFuzz() {}

  /** Carries one input out. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    int mode = input.u8() % 3;
    int fromEnd = input.u16() & -Long.BYTES;
    byte[] rest = input.rest();
    byte[] content =
        switch (mode) {
          case 0 -> rest;
          case 1 -> sealed(rest);
          default -> sealedAsLast(rest);
        };
    int offset = MediaLayout.DATA_AREA_BYTES - fromEnd;
    MEDIA.format(false);
    SegmentChain chain = SegmentChain.load(MEDIA, CacheInfo.load(MEDIA, Superblock.load(MEDIA)));
    MEDIA.poke(chain.dataOffset(1) + offset, content);
    read(chain, new LogAddress(1, offset));
  }

  /** The same bytes as a key set that passes for one, with as many keys as there is room for. */
  private static byte[] sealed(byte[] content) {
    MemorySegment copy = alignedCopy(content);
    KeySetRecord.seal(copy, 0, fittingKeys(content));
    return copy.toArray(ValueLayout.JAVA_BYTE);
  }

  /** The same bytes as a LAST key set that passes for one. */
  private static byte[] sealedAsLast(byte[] content) {
    MemorySegment copy = alignedCopy(content);
    KeySetRecord.sealLast(copy, 0, copy.get(LittleEndian.U32, KeySetRecord.KEY_NUM_OFFSET));
    return copy.toArray(ValueLayout.JAVA_BYTE);
  }

  private static MemorySegment alignedCopy(byte[] content) {
    int size = KeySetRecord.sizeBytes(fittingKeys(content));
    int longs = Math.max(size, content.length + Long.BYTES) / Long.BYTES;
    MemorySegment copy = MemorySegment.ofArray(new long[longs]);
    return copy.copyFrom(MemorySegment.ofArray(Arrays.copyOf(content, longs * Long.BYTES)));
  }

  private static int fittingKeys(byte[] content) {
    return Math.max(0, (content.length - KeySetRecord.HEADER_BYTES) / KeyRecord.SIZE_BYTES);
  }

  private static void read(SegmentChain chain, LogAddress position) {
    KeySetReader reader = new KeySetReader(MEDIA, chain, DEVICE_BYTES);
    try {
      KeySetReader.Found found = reader.read(position);
      if (found == KeySetReader.Found.KEYS) {
        checkKeys(reader);
      }
      LogAddress end =
          new LogWalk(reader, SEGMENTS).from(position, (at, keySet) -> checkKeys(keySet)).address();
      Require.that(
          end.equals(position)
              || end.segOffsetBytes() + KeySetRecord.HEADER_BYTES <= MediaLayout.DATA_AREA_BYTES,
          "a header fits where the log ends");
    } catch (PcacheException refused) {
      Require.saysSomething(refused);
    }
    LogEnd.Header unused = LogEnd.classify(MEDIA, chain, position);
    LogEnd.Beyond beyond =
        LogEnd.scanBeyond(
            MEDIA, chain, new LogAddress(1, position.segOffsetBytes() - 8), segment -> 0);
    Require.that(beyond.keys() <= (long) beyond.keySets() * KeySetRecord.MAX_KEYS, "key counts");
  }

  private static void checkKeys(KeySetReader keySet) {
    Require.that(keySet.keyCount() <= KeySetRecord.MAX_KEYS, "no more keys than allowed");
    for (int i = 0; i < keySet.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      long off = KeyRecord.off(keySet.bytes(), at);
      int len = KeyRecord.len(keySet.bytes(), at);
      int segOff = KeyRecord.cacheSegOff(keySet.bytes(), at);
      Require.that(len > 0 && off >= 0 && off + len <= DEVICE_BYTES, "on the device");
      Require.that(segOff >= 0 && segOff + len <= MediaLayout.DATA_AREA_BYTES, "in its segment");
      Require.that(KeyRecord.cacheSegId(keySet.bytes(), at) < SEGMENTS, "a segment that exists");
    }
  }
}
