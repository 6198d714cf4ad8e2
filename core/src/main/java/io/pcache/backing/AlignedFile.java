package io.pcache.backing;

import io.pcache.block.BlockDevice;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adapts transfers of any alignment to a file that accepts only aligned ones. Aligned transfers of
 * native memory go to the file unchanged, in vectored calls. All others go through a bounce buffer.
 * A write that covers only part of a block reads that block first.
 *
 * <p>If the file's size is not a multiple of the alignment, its last bytes go through a second
 * descriptor. That descriptor uses the page cache. The system keeps the two coherent.
 *
 * <p>Thread-safety: {@link #read} and {@link #write} may be called from any thread. {@link #close}
 * is called once, after all other calls.
 */
final class AlignedFile implements AutoCloseable {
  private final NativeFile file;
  private final NativeFile tail;
  private final int alignment;
  private final long sizeBytes;
  private final long alignedBytes;
  private final BounceBuffers buffers = new BounceBuffers();
  private final WriteRanges writeRanges = new WriteRanges();

  /**
   * Wraps open files. {@link #close} does not close them.
   *
   * @param file the file for aligned transfers
   * @param tail the same file without that restriction; may be {@code file} itself if its size is a
   *     multiple of the alignment
   * @param alignment in bytes, 1 or a power of two from 512 to 4096
   */
  AlignedFile(NativeFile file, NativeFile tail, int alignment, long sizeBytes) {
    this.file = file;
    this.tail = tail;
    this.alignment = alignment;
    this.sizeBytes = sizeBytes;
    this.alignedBytes = floor(sizeBytes);
  }

  void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    if (isAligned(pieces, offsetBytes)) {
      file.read(pieces, offsetBytes);
      return;
    }
    BounceBuffer buffer = buffers.take();
    try {
      buffer.begin(pieces);
      readThrough(buffer, offsetBytes, offsetBytes + lengthBytes(pieces));
    } finally {
      buffers.put(buffer);
    }
  }

  void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    long endBytes = offsetBytes + lengthBytes(pieces);
    if (!sharesBlocks()) {
      writeAlone(pieces, offsetBytes, endBytes);
      return;
    }
    writeRanges.enter(floor(offsetBytes), ceiling(endBytes));
    try {
      writeAlone(pieces, offsetBytes, endBytes);
    } finally {
      writeRanges.leave(floor(offsetBytes));
    }
  }

  /** Whether two requests that do not overlap can share a block. */
  private boolean sharesBlocks() {
    return alignment > BlockDevice.SECTOR_BYTES;
  }

  private void writeAlone(List<MemorySegment> pieces, long offsetBytes, long endBytes)
      throws IOException {
    if (isAligned(pieces, offsetBytes)) {
      file.write(pieces, offsetBytes);
      return;
    }
    BounceBuffer buffer = buffers.take();
    try {
      buffer.begin(pieces);
      writeThrough(buffer, offsetBytes, endBytes);
    } finally {
      buffers.put(buffer);
    }
  }

  private void readThrough(BounceBuffer buffer, long startBytes, long endBytes) throws IOException {
    long position = startBytes;
    while (position < endBytes) {
      long from = floor(position);
      long until = Math.min(endBytes, from + BounceBuffers.BUFFER_BYTES);
      readBlocks(buffer.memory(), from, 0, ceiling(until) - from);
      buffer.scatter(position - from, until - position);
      position = until;
    }
  }

  private void writeThrough(BounceBuffer buffer, long startBytes, long endBytes)
      throws IOException {
    long position = startBytes;
    while (position < endBytes) {
      long from = floor(position);
      long until = Math.min(endBytes, from + BounceBuffers.BUFFER_BYTES);
      long blocksEnd = ceiling(until);
      if (position > from) {
        readBlocks(buffer.memory(), from, 0, alignment);
      }
      boolean sameBlock = position > from && blocksEnd - from == alignment;
      if (until < blocksEnd && !sameBlock) {
        readBlocks(buffer.memory(), from, blocksEnd - alignment - from, alignment);
      }
      buffer.gather(position - from, until - position);
      writeBlocks(buffer.memory(), from, blocksEnd - from);
      position = until;
    }
  }

  /** Reads whole blocks of a chunk, up to the end of the file. */
  private void readBlocks(MemorySegment memory, long chunkBytes, long skipBytes, long lengthBytes)
      throws IOException {
    long from = chunkBytes + skipBytes;
    long until = Math.min(from + lengthBytes, sizeBytes);
    long boundary = Math.clamp(alignedBytes, from, until);
    if (boundary > from) {
      file.read(memory, skipBytes, boundary - from, from);
    }
    if (until > boundary) {
      tail.read(memory, boundary - chunkBytes, until - boundary, boundary);
    }
  }

  /** Writes whole blocks of a chunk, up to the end of the file. */
  private void writeBlocks(MemorySegment memory, long chunkBytes, long lengthBytes)
      throws IOException {
    long until = Math.min(chunkBytes + lengthBytes, sizeBytes);
    long boundary = Math.clamp(alignedBytes, chunkBytes, until);
    if (boundary > chunkBytes) {
      file.write(memory, 0, boundary - chunkBytes, chunkBytes);
    }
    if (until > boundary) {
      // A descriptor of its own, which does not know what the other has seen.
      file.refuseIfCut();
      tail.write(memory, boundary - chunkBytes, until - boundary, boundary);
    }
  }

  private boolean isAligned(List<MemorySegment> pieces, long offsetBytes) {
    long bits = offsetBytes;
    for (int i = 0; i < pieces.size(); i++) {
      MemorySegment piece = pieces.get(i);
      if (!piece.isNative()) {
        return false;
      }
      bits |= piece.address() | piece.byteSize();
    }
    return (bits & (alignment - 1)) == 0;
  }

  static long lengthBytes(List<MemorySegment> pieces) {
    long length = 0;
    for (int i = 0; i < pieces.size(); i++) {
      length += pieces.get(i).byteSize();
    }
    return length;
  }

  private long floor(long bytes) {
    return bytes & -alignment;
  }

  private long ceiling(long bytes) {
    return floor(bytes + alignment - 1);
  }

  @Override
  public void close() {
    buffers.close();
  }
}
