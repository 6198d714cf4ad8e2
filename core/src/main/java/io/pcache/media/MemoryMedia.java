package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file on tmpfs, ramfs or hugetlbfs. Stores are at once as durable as they can be, so a sync does
 * nothing.
 */
final class MemoryMedia extends MappedMedia {
  MemoryMedia(NativeFile file, MemorySegment mapping, Arena arena) {
    super(file, mapping, arena, MediaKind.MEMORY);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    try {
      MemorySegment.copy(source, sourceOffsetBytes, mapping, offsetBytes, lengthBytes);
      PageFaults.deliver();
    } catch (InternalError e) {
      throw fault("write", offsetBytes, e);
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    try {
      mapping.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
      PageFaults.deliver();
    } catch (InternalError e) {
      throw fault("write", offsetBytes, e);
    }
  }

  @Override
  public void recycle(long offsetBytes, long lengthBytes) {
    // A partial store into memory never reads a device first, so there is nothing to prepare.
  }

  @Override
  public void sync() {
    // Stores outlive a process that dies, and nothing outlives the machine.
  }

  @Override
  public boolean syncMayBlock() {
    return false;
  }
}
