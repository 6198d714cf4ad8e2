package io.pcache.backing;

import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.nativeio.FileCondition;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A store on a regular file or block device. The file is locked exclusively while it is open.
 *
 * <p>Thread-safety: see {@link BackingStore}.
 */
public final class FileBackingStore implements BackingStore {
  private final NativeFile file;
  private final NativeFile tail;
  private final AlignedFile transfers;
  private final long sizeBytes;

  private FileBackingStore(NativeFile file, NativeFile tail, int alignment, long sizeBytes) {
    this.file = file;
    this.tail = tail;
    this.transfers = new AlignedFile(file, tail, alignment, sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  /**
   * Opens a file or block device through the page cache.
   *
   * @throws BadOptionException if there is no such device, or its size is 0 or not a multiple of
   *     512
   * @throws DeviceInUseException if another opener has it
   * @throws BackingFailureException if the system refuses
   */
  public static FileBackingStore open(Path path) {
    return open(path, NativeFile.Access.READ_WRITE);
  }

  /**
   * Opens a file or block device past the page cache (O_DIRECT). Requests may have any alignment.
   * Those that do not have the alignment of the device are copied.
   *
   * @throws BadOptionException if there is no such device, or its size is 0 or not a multiple of
   *     512
   * @throws DeviceInUseException if another opener has it
   * @throws BackingFailureException if the system refuses, for example because the file system does
   *     not support direct I/O
   */
  public static FileBackingStore openDirect(Path path) {
    return open(path, NativeFile.Access.READ_WRITE_DIRECT);
  }

  private static FileBackingStore open(Path path, NativeFile.Access access) {
    try {
      NativeFile file = NativeFile.open(path, access);
      try {
        file.lockExclusively();
        long sizeBytes = checkedSizeBytes(file);
        int alignment =
            access == NativeFile.Access.READ_WRITE_DIRECT ? DirectAlignment.probe(file) : 1;
        return withAlignment(file, alignment, sizeBytes);
      } catch (Throwable t) {
        file.close();
        throw t;
      }
    } catch (IOException e) {
      String hint =
          access == NativeFile.Access.READ_WRITE_DIRECT
              ? "; check its permissions, or open it without direct I/O"
              : "; check that it exists and its permissions";
      throw new BackingFailureException("backing device " + path + ": " + e.getMessage() + hint, e);
    }
  }

  /**
   * Creates a store on an open and locked file. The alignment is a parameter so that a test can
   * choose a larger one.
   */
  static FileBackingStore withAlignment(NativeFile file, int alignment, long sizeBytes)
      throws IOException {
    boolean hasTail = sizeBytes % alignment != 0;
    NativeFile tail = hasTail ? NativeFile.open(file.path(), NativeFile.Access.READ_WRITE) : file;
    return new FileBackingStore(file, tail, alignment, sizeBytes);
  }

  private static long checkedSizeBytes(NativeFile file) throws IOException {
    long sizeBytes = file.sizeBytes();
    if (sizeBytes == 0) {
      throw new BadOptionException(
          "backing device "
              + file.path()
              + ": its size is 0; give a device, or a file grown to the size to serve. If it was truncated, restore it from a copy");
    }
    long excessBytes = sizeBytes % BlockDevice.SECTOR_BYTES;
    if (excessBytes != 0) {
      throw new BadOptionException(
          "backing device %s: its size is %d bytes, expected a multiple of %d; grow it to %d bytes. If it was truncated, restore it from a copy"
              .formatted(
                  file.path(),
                  sizeBytes,
                  BlockDevice.SECTOR_BYTES,
                  sizeBytes - excessBytes + BlockDevice.SECTOR_BYTES));
    }
    return sizeBytes;
  }

  @Override
  public String name() {
    return file.path().toString();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    long lengthBytes = AlignedFile.lengthBytes(pieces);
    file.refuseIfCutOff(offsetBytes, lengthBytes);
    try {
      transfers.read(pieces, offsetBytes);
    } catch (IOException e) {
      // The file may be too short. That has to be known also if it is long again soon.
      file.refuseIfCut();
      throw e;
    }
    file.refuseIfCutOff(offsetBytes, lengthBytes);
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    transfers.write(pieces, offsetBytes);
  }

  @Override
  public void flush() throws IOException {
    // Covers writes through the second descriptor too: the system tracks dirty pages and errors per
    // file.
    file.syncData();
    // What was written may have been cut off again.
    file.refuseIfCut();
  }

  @Override
  public FileCondition condition() throws IOException {
    return file.condition();
  }

  @Override
  public long movedSectors() {
    return file.movedSectors();
  }

  @Override
  public void close() throws IOException {
    transfers.close();
    try {
      if (tail != file) {
        tail.close();
      }
    } finally {
      file.close();
    }
  }
}
