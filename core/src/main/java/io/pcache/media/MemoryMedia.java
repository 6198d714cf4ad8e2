package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file on tmpfs, ramfs or hugetlbfs: stores are as durable as they get at once, so sync has
 * nothing to do.
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
    // Resident memory is as good as new.
  }

  @Override
  public void sync() {
    // A process that dies leaves its stores behind; a machine that stops keeps nothing anyway.
  }

  @Override
  public boolean syncMayBlock() {
    return false;
  }
}
