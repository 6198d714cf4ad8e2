package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Persistent memory mapped with {@code MAP_SYNC}. A write stores the data and writes back the cache
 * lines that it touched; a sync is a fence. Forcing a segment of such a mapping issues cache-line
 * write-backs and no system call (JEP 352).
 *
 * <p>Every page is accessed, and a failed access delivered, before a write-back. The virtual
 * machine handles a failed page in a plain access. In a write-back it may not, and the process
 * would end.
 */
final class DaxMedia extends MappedMedia {
  private static final long SMALLEST_PAGE_BYTES = 4096;

  DaxMedia(NativeFile file, MemorySegment mapping, Arena arena) {
    super(file, mapping, arena, MediaKind.DAX);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    try {
      MemorySegment.copy(source, sourceOffsetBytes, mapping, offsetBytes, lengthBytes);
      PageFaults.deliver();
      mapping.asSlice(offsetBytes, lengthBytes).force();
    } catch (InternalError e) {
      throw fault("write", offsetBytes, e);
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    try {
      MemorySegment range = mapping.asSlice(offsetBytes, lengthBytes);
      range.fill((byte) 0);
      PageFaults.deliver();
      range.force();
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
      touchPages(offsetBytes, lengthBytes);
      PageFaults.deliver();
      mapping.asSlice(offsetBytes, lengthBytes).force();
    } catch (InternalError e) {
      throw fault("write-back", offsetBytes, e);
    }
  }

  private void touchPages(long offsetBytes, long lengthBytes) {
    byte[] unused = new byte[1];
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += SMALLEST_PAGE_BYTES) {
      MemorySegment.copy(mapping, ValueLayout.JAVA_BYTE, at, unused, 0, 1);
    }
    if (lengthBytes > 0) {
      MemorySegment.copy(mapping, ValueLayout.JAVA_BYTE, end - 1, unused, 0, 1);
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
