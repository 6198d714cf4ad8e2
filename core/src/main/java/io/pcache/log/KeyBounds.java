package io.pcache.log;

import io.pcache.block.BlockDevice;
import io.pcache.format.KeyRecord;
import io.pcache.format.MediaLayout;
import java.lang.foreign.MemorySegment;

/**
 * The valid ranges of a key's fields.
 *
 * @param segments n_segs
 * @param deviceBytes size of the logical device
 */
public record KeyBounds(int segments, long deviceBytes) {
  /**
   * Validates one key.
   *
   * @param keys a private copy of the keys
   * @return a description of the first invalid value, or an empty string if the key is valid
   */
  public String wrongWith(MemorySegment keys, long at) {
    long off = KeyRecord.off(keys, at);
    long len = Integer.toUnsignedLong(KeyRecord.len(keys, at));
    int segment = KeyRecord.cacheSegId(keys, at);
    long segOff = Integer.toUnsignedLong(KeyRecord.cacheSegOff(keys, at));
    if ((KeyRecord.flags(keys, at) & KeyRecord.EMPTY_FLAG) != 0) {
      return "the EMPTY flag is set";
    }
    if (len == 0 || (len | off | segOff) % BlockDevice.SECTOR_BYTES != 0) {
      return "off %d, len %d, cache_seg_off %d found, multiples of 512 and a len above 0 expected"
          .formatted(off, len, segOff);
    }
    if (off < 0 || off > deviceBytes - len) {
      return "off %d + len %d found, at most the device's %d bytes expected"
          .formatted(off, len, deviceBytes);
    }
    if (off / MediaLayout.SUBTREE_BYTES != (off + len - 1) / MediaLayout.SUBTREE_BYTES) {
      return "off %d + len %d crosses a 4 MiB boundary".formatted(off, len);
    }
    if (segment < 0 || segment >= segments) {
      return "cache_seg_id %d found, below %d expected"
          .formatted(Integer.toUnsignedLong(segment), segments);
    }
    if (segOff + len > MediaLayout.DATA_AREA_BYTES) {
      return "cache_seg_off %d + len %d found, at most %d expected"
          .formatted(segOff, len, MediaLayout.DATA_AREA_BYTES);
    }
    return "";
  }
}
