package io.pcache.cache.segment;

import io.pcache.format.CacheInfo;
import io.pcache.format.Checksum;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.SegmentChain;
import io.pcache.log.KeySetReader;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;

/**
 * Properties of a cache that do not change while it is open.
 *
 * @param media the cache device
 * @param chain its segments in order
 * @param deviceBytes size of the logical device
 * @param dataCrc whether keys carry a checksum of their data
 */
public record Geometry(Media media, SegmentChain chain, long deviceBytes, boolean dataCrc) {
  /** Creates the geometry of a formatted cache in front of a device of {@code deviceBytes}. */
  public static Geometry of(Media media, CacheInfo info, long deviceBytes) {
    return new Geometry(media, SegmentChain.load(media, info), deviceBytes, info.dataCrc());
  }

  /** Whether the bytes of the key whose record lies at {@code at} match its checksum. */
  public boolean matches(MemorySegment keys, long at) {
    long place = mediaOffset(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at));
    return Checksum.of(media.view(), place, KeyRecord.len(keys, at)) == KeyRecord.dataCrc(keys, at);
  }

  /** Whether the bytes of a whole key match its checksum. */
  public boolean matches(Key key) {
    long at = mediaOffset(key.cacheSegId(), key.segOffsetBytes());
    return Checksum.of(media.view(), at, key.lengthBytes()) == key.dataCrc();
  }

  /** Creates a reader of the cache's log. */
  public KeySetReader newKeySetReader() {
    return new KeySetReader(media, chain, deviceBytes);
  }

  /** The media offset of a byte in a segment's data area. */
  public long mediaOffset(int cacheSegId, int segOffsetBytes) {
    return chain.dataOffset(cacheSegId) + segOffsetBytes;
  }
}
