package io.pcache.testkit;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Writes key sets with valid checksums and any values, as a hostile or half-done writer may. */
final class HandmadeLog {
  private final Media media;
  private final SegmentChain chain;

  HandmadeLog(Media media) {
    this.media = media;
    this.chain = SteppedCaches.chain(media);
  }

  /** Writes a key set. Returns where the next one goes. */
  LogAddress keySet(LogAddress at, List<LogKey> keys) {
    int size = KeySetRecord.sizeBytes(keys.size());
    MemorySegment bytes = MemorySegment.ofArray(new long[size / Long.BYTES]);
    for (int i = 0; i < keys.size(); i++) {
      LogKey key = keys.get(i);
      new Key()
          .range(key.off(), key.len())
          .flags(key.flags())
          .place(key.cacheSegId(), key.cacheSegOff())
          .generation(key.segGen())
          .store(bytes, KeySetRecord.keyOffset(i));
    }
    KeySetRecord.seal(bytes, 0, keys.size());
    write(at, bytes);
    return new LogAddress(at.cacheSegId(), at.segOffsetBytes() + size);
  }

  void last(LogAddress at, int nextCacheSegId) {
    MemorySegment bytes = MemorySegment.ofArray(new long[KeySetRecord.HEADER_BYTES / Long.BYTES]);
    KeySetRecord.sealLast(bytes, 0, nextCacheSegId);
    write(at, bytes);
  }

  private void write(LogAddress at, MemorySegment bytes) {
    media.write(
        chain.dataOffset(at.cacheSegId()) + at.segOffsetBytes(), bytes, 0, bytes.byteSize());
    media.sync();
  }
}
