package io.pcache.media;

import io.pcache.agent.CallWatch;
import io.pcache.agent.SystemClock;
import io.pcache.error.NoSpaceException;
import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file on a disk, or a block device, through the page cache. It is read through the mapping and
 * written with positional writes. A store into a mapped page that is not resident would first read
 * the page from the device.
 */
final class FileMedia extends MappedMedia {
  private static final Logger LOG = LoggerFactory.getLogger(FileMedia.class);
  private static final long CHUNK_BYTES = 256 << 10;

  /** The part in front of the superblock, which holds the records of pcache alone. */
  private static final long OWN_RECORDS_BYTES = 4096;

  /** The largest page of any machine. A page that was cut in part can still be accessed. */
  private static final long LARGEST_PAGE_BYTES = 64 << 10;

  private static final MemorySegment ZEROES =
      Arena.global().allocate(CHUNK_BYTES, 4096).asReadOnly();
  private static final ThreadLocal<MemorySegment> BOUNCE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CHUNK_BYTES, 4096));

  private final CallWatch calls = new CallWatch(SystemClock.INSTANCE);
  private final SharedSync sync;
  private final @Nullable String whyNotDax;
  private final long lastPageOffsetBytes;

  /** Whether a load from the end of the mapping tells if the file is whole, and never waits. */
  private volatile boolean endTells;

  FileMedia(NativeFile file, MemorySegment mapping, Arena arena, @Nullable String whyNotDax) {
    super(file, mapping, arena, MediaKind.FILE);
    this.sync = new SharedSync(this::syncFile);
    this.whyNotDax = whyNotDax;
    this.lastPageOffsetBytes = (mapping.byteSize() - 1) & -LARGEST_PAGE_BYTES;
    this.endTells =
        file.isOnLocalFileSystem() && PageFaults.keepResident(mapping, mapping.byteSize() - 1);
  }

  @Override
  public @Nullable String whyNotDax() {
    return whyNotDax;
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    try {
      if (source.isNative()) {
        writeFile(source, sourceOffsetBytes, lengthBytes, offsetBytes);
      } else {
        writeFromHeap(offsetBytes, source, sourceOffsetBytes, lengthBytes);
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private void writeFromHeap(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes)
      throws IOException {
    MemorySegment bounce = BOUNCE.get();
    for (long done = 0; done < lengthBytes; ) {
      long n = Math.min(CHUNK_BYTES, lengthBytes - done);
      MemorySegment.copy(source, sourceOffsetBytes + done, bounce, 0, n);
      writeFile(bounce, 0, n, offsetBytes + done);
      done += n;
    }
  }

  private void writeFile(
      MemorySegment source, long sourceOffsetBytes, long lengthBytes, long offsetBytes)
      throws IOException {
    int call = calls.begin();
    try {
      if (isInsideFile(offsetBytes + lengthBytes)) {
        file.overwrite(source, sourceOffsetBytes, lengthBytes, offsetBytes);
      } else {
        file.write(source, sourceOffsetBytes, lengthBytes, offsetBytes);
      }
    } finally {
      calls.end(call);
    }
  }

  /**
   * Returns whether a range is known to lie before the end of the file, also if the file was cut.
   * This asks the mapping. A system call before each write would cost a third of the write.
   *
   * @throws IOException if the file was seen to be cut
   */
  private boolean isInsideFile(long endBytes) throws IOException {
    if (endBytes <= OWN_RECORDS_BYTES) {
      // These tell the next process of a cut, so a file that was cut takes them.
      file.refuseIfCutBefore(endBytes);
      return true;
    }
    file.refuseIfSeenCut();
    if (file.isBlockDevice()) {
      return true;
    }
    return endBytes <= lastPageOffsetBytes && endTells && isEndThere();
  }

  private boolean isEndThere() throws IOException {
    boolean isThere = PageFaults.canAccess(mapping, sizeBytes() - 1);
    if (!isThere) {
      file.refuseIfCut();
      // The page cannot be read, which is no reason to try that before each write.
      endTells = false;
    }
    return isThere;
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    try {
      for (long done = 0; done < lengthBytes; ) {
        long n = Math.min(CHUNK_BYTES, lengthBytes - done);
        writeFile(ZEROES, 0, n, offsetBytes + done);
        done += n;
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /**
   * Zeroes the range in the file system, so that a partial page write reads nothing from the
   * device. If the file system refuses, writes are merely slower.
   */
  @Override
  public void recycle(long offsetBytes, long lengthBytes) {
    int call = calls.begin();
    try {
      var _ = file.zeroRange(offsetBytes, lengthBytes);
    } catch (IOException | NoSpaceException e) {
      LOG.debug("{}: cannot recycle a range: {}", file.path(), e.getMessage());
    } finally {
      calls.end(call);
    }
  }

  private void syncFile() throws IOException {
    int call = calls.begin();
    try {
      file.syncData();
      file.refuseIfRemoved();
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void sync() {
    sync.run();
  }

  @Override
  public boolean mayHaveLostWrites() {
    return sync.hasFailed();
  }

  @Override
  public void syncWithOthers() {
    sync.runWithOthers();
  }

  @Override
  public boolean syncMayBlock() {
    return true;
  }

  @Override
  public CallWatch calls() {
    return calls;
  }

  @Override
  public void probe(MemorySegment part) {
    long offsetBytes = part.address() - mapping.address();
    MemorySegment bounce = BOUNCE.get();
    int call = calls.begin();
    try {
      for (long done = 0; done < part.byteSize(); done += CHUNK_BYTES) {
        long n = Math.min(CHUNK_BYTES, part.byteSize() - done);
        file.read(bounce, 0, n, offsetBytes + done);
      }
    } catch (IOException e) {
      LOG.debug("{}: cannot read a part that write-back needs", file.path(), e);
    } finally {
      calls.end(call);
    }
  }
}
