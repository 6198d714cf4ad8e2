package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Persistent memory mapped with {@code MAP_SYNC}. A write stores the data and writes back the cache
 * lines that it touched; a sync is a fence. Forcing a segment of such a mapping issues cache-line
 * write-backs and no system call (JEP 352).
 */
final class DaxMedia extends MappedMedia {
  DaxMedia(NativeFile file, MemorySegment mapping, Arena arena) {
    super(file, mapping, arena, MediaKind.DAX);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    try {
      MemorySegment.copy(source, sourceOffsetBytes, mapping, offsetBytes, lengthBytes);
      mapping.asSlice(offsetBytes, lengthBytes).force();
      PageFaults.deliver();
    } catch (InternalError e) {
      throw fault("write", offsetBytes, e);
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    try {
      MemorySegment range = mapping.asSlice(offsetBytes, lengthBytes);
      range.fill((byte) 0);
      range.force();
      PageFaults.deliver();
    } catch (InternalError e) {
      throw fault("write", offsetBytes, e);
    }
  }

  /**
   * Writes back the range's cache lines. A process may be killed between a store and the write-back
   * of its lines. The store is then visible to the next process, and lost in a power cut.
   */
  @Override
  public void inherit(long offsetBytes, long lengthBytes) {
    try {
      mapping.asSlice(offsetBytes, lengthBytes).force();
      PageFaults.deliver();
    } catch (InternalError e) {
      throw fault("write-back", offsetBytes, e);
    }
  }

  @Override
  public void recycle(long offsetBytes, long lengthBytes) {
    // Byte-addressable memory needs no preparation for partial stores.
  }

  @Override
  public void sync() {
    // Every write forced its own lines and ended with a store fence. This fence orders them before
    // all later accesses.
    VarHandle.fullFence();
  }

  @Override
  public boolean syncMayBlock() {
    return false;
  }
}
