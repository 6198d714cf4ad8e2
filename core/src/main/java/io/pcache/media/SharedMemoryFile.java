package io.pcache.media;

import io.pcache.error.PcacheException;
import io.pcache.nativeio.NativeFile;
import io.pcache.nativeio.PageFaults;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mapped file on tmpfs. All its pages are allocated at open, so a full tmpfs fails the open and
 * never a store. A file that is cut while it is open is given up.
 */
final class SharedMemoryFile implements SharedMemory {
  private static final Logger LOG = LoggerFactory.getLogger(SharedMemoryFile.class);

  private final NativeFile file;
  private final Arena arena;
  private final MemorySegment bytes;
  private final UUID bootId;
  private final AtomicBoolean isGivenUp = new AtomicBoolean();

  private SharedMemoryFile(NativeFile file, Arena arena, MemorySegment bytes, UUID bootId) {
    this.file = file;
    this.arena = arena;
    this.bytes = bytes;
    this.bootId = bootId;
  }

  /**
   * Opens or creates the file.
   *
   * @throws IOException if the system refuses, or the file is not on tmpfs
   * @throws PcacheException if the file belongs to another user, is in use, or tmpfs is full
   */
  static SharedMemoryFile open(Path path, long sizeBytes, UUID bootId) throws IOException {
    NativeFile file = openLocked(path);
    boolean isNew = file.sizeBytes() == 0;
    boolean isCut = file.sizeBytes() < sizeBytes;
    Arena arena = Arena.ofShared();
    try {
      if (!file.isOnTmpfs()) {
        throw new IOException(path + " is not on tmpfs");
      }
      if (!file.allocate(0, sizeBytes)) {
        throw new IOException(path + ": its file system cannot reserve space");
      }
      MemorySegment bytes = file.mapOpened(sizeBytes, arena);
      if (isCut) {
        // A truncated file is not trusted at all.
        bytes.fill((byte) 0);
      }
      return new SharedMemoryFile(file, arena, bytes, bootId);
    } catch (IOException | RuntimeException e) {
      arena.close();
      if (isNew) {
        remove(file, e);
      }
      close(file, e);
      throw e;
    }
  }

  private static NativeFile openLocked(Path path) throws IOException {
    NativeFile file = NativeFile.openOwn(path);
    try {
      file.lockExclusively();
      return file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** After a failure. A file that an earlier process left stays for one that can use it. */
  private static void remove(NativeFile file, Exception cause) {
    try {
      Files.deleteIfExists(file.path());
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static void close(NativeFile file, Exception cause) {
    try {
      file.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  @Override
  public UUID bootId() {
    return bootId;
  }

  @Override
  public void store(long offsetBytes, long value) {
    if (isGivenUp.get()) {
      return;
    }
    try {
      OrderedWords.store(bytes, offsetBytes, value);
    } catch (InternalError e) {
      giveUp(e);
    }
  }

  @Override
  public void store(long offsetBytes, MemoryRecord record) {
    if (isGivenUp.get()) {
      return;
    }
    try {
      record.store(bytes, offsetBytes);
    } catch (InternalError e) {
      giveUp(e);
    }
  }

  @Override
  public long load(long offsetBytes) {
    if (!isGivenUp.get()) {
      try {
        long value = OrderedWords.load(bytes, offsetBytes);
        PageFaults.deliver();
        return value;
      } catch (InternalError e) {
        giveUp(e);
      }
    }
    return 0;
  }

  @Override
  public void settle() {
    try {
      PageFaults.deliver();
    } catch (InternalError e) {
      giveUp(e);
    }
  }

  private void giveUp(@Nullable InternalError cause) {
    if (!isGivenUp.getAndSet(true)) {
      LOG.warn(
          "staged keys are kept in this process alone from now on, and a killed process may lose a second of unflushed writes: {}; open the cache again for a new file",
          describe());
      LOG.debug("where {} failed", file.path(), cause);
    }
  }

  @Override
  public boolean hasFailed() {
    if (nowBytes() < bytes.byteSize()) {
      giveUp(null);
    }
    return isGivenUp.get();
  }

  /** Returns the size of the file, or 0 if the system does not report it. */
  private long nowBytes() {
    try {
      return file.sizeBytes();
    } catch (IOException e) {
      LOG.debug("asking for the size of {}", file.path(), e);
      return 0;
    }
  }

  @Override
  public boolean outlivesProcess() {
    return file.isStillAtItsPath() && !hasFailed();
  }

  @Override
  public String describe() {
    if (!file.isStillAtItsPath()) {
      return file.path() + " was removed";
    }
    long nowBytes = nowBytes();
    if (nowBytes < bytes.byteSize()) {
      return "%s was cut from %d to %d bytes".formatted(file.path(), bytes.byteSize(), nowBytes);
    }
    return file.path() + (isGivenUp.get() ? " failed: a page of it was lost" : "");
  }

  @Override
  public void remove() {
    try {
      if (file.isStillAtItsPath()) {
        Files.deleteIfExists(file.path());
      }
    } catch (IOException e) {
      LOG.warn("{} is not needed any more and cannot be removed: {}", file.path(), e.toString());
    }
  }

  @Override
  public void close() {
    arena.close();
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
