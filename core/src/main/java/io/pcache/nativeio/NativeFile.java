package io.pcache.nativeio;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.Invariants;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A regular file or block device by descriptor. It offers positional reads and writes that transfer
 * all bytes, data sync, allocation, and an exclusive lock. The lock belongs to this open, not to
 * the process.
 *
 * <p>Buffers are native memory; heap segments are refused. Interrupts have no effect on any call.
 *
 * <p>Thread-safety: all methods from any thread. The owner ensures that no call is in progress when
 * it closes the file.
 */
public final class NativeFile implements AutoCloseable {
  /**
   * The maximum number of pieces in one vectored call (IOV_MAX). Longer lists take several calls.
   */
  public static final int MAX_VECTOR_PIECES = 1024;

  private static final int IOVEC_BYTES = 16;
  private static final int REGULAR_FILE_TYPE = 0100000;
  private static final int OWNER_ONLY = 0600;

  /** The type numbers of ext2 to ext4, XFS, Btrfs and F2FS. */
  private static final Set<Long> LOCAL_FILE_SYSTEMS =
      Set.of(0xEF53L, 0x5846_5342L, 0x9123_683EL, 0xF2F5_2010L);

  /** How often a lock is tried while others only look whether it is held, and how far apart. */
  private static final int TRIES_BESIDE_LOOKS = 1000;

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final ThreadLocal<MemorySegment> VECTORS =
      ThreadLocal.withInitial(
          () -> Arena.ofAuto().allocate((long) MAX_VECTOR_PIECES * IOVEC_BYTES, 8));

  private final Path path;
  private final int descriptor;
  private final boolean blockDevice;
  private volatile @Nullable FileWatch watch;
  private volatile boolean closed;

  private NativeFile(Path path, int descriptor, boolean blockDevice) {
    this.path = path;
    this.descriptor = descriptor;
    this.blockDevice = blockDevice;
  }

  /** The access modes of a file. */
  public enum Access {
    /** Read-only, alongside other openers. */
    READ,
    /** Reads and writes through the page cache. */
    READ_WRITE,
    /**
     * Reads and writes past the page cache (O_DIRECT). Offsets, lengths and addresses must be
     * aligned.
     */
    READ_WRITE_DIRECT
  }

  /**
   * Opens an existing regular file or block device, whatever bytes its name consists of. A block
   * device opened for writing is claimed exclusively, so the kernel refuses to mount it meanwhile.
   *
   * @throws BadOptionException if there is no such file, its type is wrong, or it may not be
   *     written
   * @throws DeviceInUseException if the kernel holds the block device (mounted, or part of another)
   * @throws IOException if the system refuses for any other reason
   */
  public static NativeFile open(Path path, Access access) throws IOException {
    if (!Files.exists(path)) {
      throw new BadOptionException(path + ": no such file or device");
    }
    boolean blockDevice = isBlockDevice(path);
    if (!blockDevice && !Files.isRegularFile(path)) {
      throw new BadOptionException(path + ": neither a regular file nor a block device");
    }
    int flags =
        switch (access) {
          case READ -> Posix.O_RDONLY;
          case READ_WRITE -> Posix.O_RDWR;
          case READ_WRITE_DIRECT -> Posix.O_RDWR | Posix.O_DIRECT;
        };
    if (blockDevice && access != Access.READ) {
      flags |= Posix.O_EXCL;
    }
    int descriptor = Posix.open(PathBytes.of(path), flags | Posix.O_CLOEXEC, 0);
    if (descriptor < 0 && Posix.errno() == Posix.EBUSY) {
      throw new DeviceInUseException(
          path
              + ": the kernel has this block device in use (mounted, mapped, or open in a process that has not ended yet); release it first");
    }
    if (descriptor < 0 && (Posix.errno() == Posix.EACCES || Posix.errno() == Posix.EPERM)) {
      throw new BadOptionException(
          "%s: no permission to read and write it; run as a user who has it, or change who may use it (chmod, chattr)"
              .formatted(path));
    }
    if (descriptor < 0) {
      throw Posix.failure("cannot open " + path);
    }
    NativeFile file = new NativeFile(path, descriptor, blockDevice);
    try {
      file.checkWritable(access);
      file.watch =
          new FileWatch(
              new OpenedFile(path, descriptor, Posix.stateOf(descriptor), file.sizeBytes()));
      return file;
    } catch (BadOptionException | IOException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Refuses a read-only block device. The kernel opens one for writing all the same, and then fails
   * each write.
   */
  private void checkWritable(Access access) throws IOException {
    if (blockDevice && access != Access.READ && Posix.isReadOnlyBlockDevice(descriptor)) {
      throw new BadOptionException(
          "%s: this block device is read-only; make it writable (blockdev --setrw, losetup without --read-only), or give another"
              .formatted(path));
    }
  }

  /**
   * Creates an empty regular file, which must not exist yet.
   *
   * @throws BadOptionException if its folder does not exist, or its name is a dangling symbolic
   *     link
   * @throws IOException if the file exists or the system refuses
   */
  public static NativeFile create(Path path, int mode) throws IOException {
    refuseToCreateNowhere(path);
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_CLOEXEC;
    int descriptor = Posix.open(PathBytes.of(path), flags, mode);
    if (descriptor < 0) {
      throw Posix.failure("cannot create " + path);
    }
    return new NativeFile(path, descriptor, false);
  }

  /**
   * Opens a regular file that only this process's user may use, or creates it empty. Symbolic links
   * are not followed.
   *
   * @throws BadOptionException if another user owns it, others may use it, it has other names, or
   *     is no regular file
   * @throws IOException if the system refuses
   */
  public static NativeFile openOwn(Path path) throws IOException {
    NativeFile file = openWithoutLinks(path, Posix.O_CREAT);
    try {
      file.refuseUnlessOwn();
      return file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Opens an existing file of any user. Symbolic links are not followed.
   *
   * @throws IOException if the system refuses
   */
  public static NativeFile openExisting(Path path) throws IOException {
    return openWithoutLinks(path, 0);
  }

  private static NativeFile openWithoutLinks(Path path, int moreFlags) throws IOException {
    int flags = Posix.O_RDWR | Posix.O_NOFOLLOW | Posix.O_CLOEXEC | moreFlags;
    int descriptor = Posix.open(PathBytes.of(path), flags, OWNER_ONLY);
    if (descriptor < 0) {
      throw Posix.failure("cannot open " + path);
    }
    return new NativeFile(path, descriptor, false);
  }

  /**
   * Refuses a file that not only this process's user may use.
   *
   * @throws BadOptionException if another user owns it, others may use it, it has other names, or
   *     is no regular file
   */
  public void refuseUnlessOwn() throws IOException {
    int mode = (int) Files.getAttribute(descriptorPath(), "unix:mode");
    int user = (int) Files.getAttribute(descriptorPath(), "unix:uid");
    int names = (int) Files.getAttribute(descriptorPath(), "unix:nlink");
    boolean isOwn = mode == (REGULAR_FILE_TYPE | OWNER_ONLY) && user == Posix.geteuid();
    if (!isOwn || names != 1) {
      throw new BadOptionException(
          "%s: mode %o, user %d and %d names found; a file of user %d alone, mode 600, with one name expected"
              .formatted(path, mode, user, names, Posix.geteuid()));
    }
  }

  /** Returns a path to this open file, whatever its original path names by now. */
  private Path descriptorPath() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  /** Returns whether the path still names this file. */
  public boolean isStillAtItsPath() {
    try {
      FileState there = Posix.stateAt(PathBytes.of(path));
      return there != null && there.isSameFile(Posix.stateOf(descriptor));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Returns a text that identifies a file or block device on this machine, for use in file names.
   *
   * @throws IOException if there is none at the path, or it cannot be examined
   */
  public static String identityOf(Path path) throws IOException {
    FileState state = Posix.stateAt(PathBytes.of(path));
    if (state == null) {
      throw new IOException("there is no " + path);
    }
    return "%x-%x".formatted(state.device(), state.inode());
  }

  /** Returns whether the file is on tmpfs, so its pages are at worst swapped out. */
  public boolean isOnTmpfs() throws IOException {
    long type = Posix.fileSystemMagic(descriptor);
    if (type < 0) {
      throw Posix.failure("cannot get the file system of " + path);
    }
    return type == Posix.TMPFS_MAGIC;
  }

  /**
   * Returns whether only this machine can cut the file. Then a mapping loses the pages that were
   * cut off at once. Of other file systems it is not known.
   */
  public boolean isOnLocalFileSystem() {
    return LOCAL_FILE_SYSTEMS.contains(Posix.fileSystemMagic(descriptor));
  }

  private static void refuseToCreateNowhere(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new BadOptionException(
          path + ": there is no folder " + folder + "; make it first, or give another path");
    }
    if (Files.isSymbolicLink(path) && !Files.exists(path)) {
      throw new BadOptionException(
          "%s is a symbolic link to %s, which does not exist; give that path, or remove the link"
              .formatted(path, Files.readSymbolicLink(path)));
    }
  }

  private static boolean isBlockDevice(Path path) throws IOException {
    int mode = (int) Files.getAttribute(path, "unix:mode");
    return (mode & Posix.FILE_TYPE_MASK) == Posix.BLOCK_DEVICE_TYPE;
  }

  /** Returns the path as it was given. */
  public Path path() {
    return path;
  }

  /** Returns whether this is a block device, as opposed to a regular file. */
  public boolean isBlockDevice() {
    return blockDevice;
  }

  /**
   * Returns the type of the file system that holds a regular file, as the system names it (ext4,
   * tmpfs, …).
   */
  public String fileSystemType() throws IOException {
    FileStore store = Files.getFileStore(path);
    return store.type();
  }

  /** Returns the size in bytes. */
  public long sizeBytes() throws IOException {
    long size = Posix.lseek(descriptor, 0, Posix.SEEK_END);
    if (size < 0) {
      throw Posix.failure("cannot get the size of " + path);
    }
    return size;
  }

  /**
   * Returns the condition of this file since it was opened. This makes system calls and is not
   * meant for the request path. A file that was cut stays so, also if it is long again.
   *
   * @throws IOException if the system does not report it
   */
  public FileCondition condition() throws IOException {
    FileWatch then = watch;
    return then == null ? FileCondition.AS_OPENED : then.condition(sizeBytes());
  }

  /**
   * Returns the number of sectors that the block device has transferred so far. That is this
   * device, or the one that holds the file system. The value is constant if the system does not
   * report it.
   */
  public long movedSectors() {
    FileWatch then = watch;
    return then == null ? 0 : DiskCounters.movedSectors(then.device());
  }

  /**
   * Takes the exclusive lock of this file, held until {@link #close}. The lock is advisory and
   * belongs to this open. A second open is refused in the same process as in another.
   *
   * @throws DeviceInUseException if another open holds it
   */
  public void lockExclusively() throws IOException {
    for (int i = 0; i < TRIES_BESIDE_LOOKS; i++) {
      if (tryLock(Posix.LOCK_EX)) {
        return;
      }
      if (isLockedExclusively()) {
        break;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    throw new DeviceInUseException(
        path
            + ": in use by another pcache, or by one that has not ended yet because a device does not answer; stop it first, or let"
            + " that device answer or remove it");
  }

  /**
   * Returns whether another open holds the exclusive lock of a file. It waits for nobody, and
   * {@link #lockExclusively} allows for the moment in which this call holds a shared lock.
   *
   * @return false also if the file cannot be opened for reading
   */
  public static boolean isLocked(Path path) {
    try (NativeFile file = open(path, Access.READ)) {
      return file.isLockedExclusively();
    } catch (IOException | PcacheException e) {
      return false;
    }
  }

  /**
   * Returns whether another open holds the exclusive lock of this file. As {@link #isLocked}, it
   * waits for nobody.
   */
  public boolean isLockedExclusively() throws IOException {
    if (!tryLock(Posix.LOCK_SH)) {
      return true;
    }
    var _ = Posix.flock(descriptor, Posix.LOCK_UN);
    return false;
  }

  private boolean tryLock(int mode) throws IOException {
    if (Posix.flock(descriptor, mode | Posix.LOCK_NB) == 0) {
      return true;
    }
    if (Posix.errno() == Posix.EWOULDBLOCK) {
      return false;
    }
    throw Posix.failure("cannot lock " + path);
  }

  /**
   * Reads exactly {@code lengthBytes}, in as many calls as that takes.
   *
   * @throws IOException on an error, or if the file ends too early
   */
  public void read(MemorySegment buffer, long bufferOffsetBytes, long lengthBytes, long offsetBytes)
      throws IOException {
    long done = 0;
    while (done < lengthBytes) {
      MemorySegment rest = buffer.asSlice(bufferOffsetBytes + done, lengthBytes - done);
      long n = Posix.pread(descriptor, rest, lengthBytes - done, offsetBytes + done);
      done += progress(n, "read", offsetBytes + done, lengthBytes - done);
    }
  }

  /**
   * Refuses if the file is shorter than when it was opened, or was seen to be. A write behind the
   * end of a regular file would extend it, and what was cut off would read as zeroes. Refuses a
   * block device also if it was seen to be gone.
   *
   * @throws IOException if the file was cut or removed, or the system does not report its size
   */
  public void refuseIfCut() throws IOException {
    FileWatch then = watch;
    if (then != null) {
      then.refuseIfCut(sizeBytes());
    }
  }

  /**
   * Refuses if a block device is gone, or was seen to be. A sync of it succeeds all the same,
   * because the kernel has dropped what it should have written.
   *
   * @throws IOException if it is, or the system does not report its size
   */
  public void refuseIfRemoved() throws IOException {
    FileWatch then = watch;
    if (then != null && blockDevice) {
      then.refuseIfRemoved(sizeBytes());
    }
  }

  /**
   * Refuses if a regular file ends before an offset, or was seen to. Up to there, a file that was
   * cut can still be written.
   *
   * @throws IOException if it ends before, or the system does not report its size
   */
  public void refuseIfCutBefore(long endBytes) throws IOException {
    FileWatch then = watch;
    if (then != null && !blockDevice) {
      then.refuseIfCutBefore(endBytes, sizeBytes());
    }
  }

  /**
   * Refuses if the file was seen to be cut since it was opened. This makes no system call.
   *
   * @throws IOException if it was
   */
  public void refuseIfSeenCut() throws IOException {
    FileWatch then = watch;
    if (then != null) {
      then.refuseIfSeenCut();
    }
  }

  /**
   * Refuses a range that was seen to be cut off since the file was opened. It may read as zeroes if
   * the file is long again. This makes no system call.
   *
   * @throws IOException if some of the range was cut off
   */
  public void refuseIfCutOff(long offsetBytes, long lengthBytes) throws IOException {
    FileWatch then = watch;
    if (then != null) {
      then.refuseIfCutOff(offsetBytes + lengthBytes);
    }
  }

  /**
   * Writes exactly {@code lengthBytes}, in as many calls as that takes.
   *
   * @throws IOException on an error, or if the file was cut since it was opened
   */
  public void write(
      MemorySegment buffer, long bufferOffsetBytes, long lengthBytes, long offsetBytes)
      throws IOException {
    refuseIfCut();
    overwrite(buffer, bufferOffsetBytes, lengthBytes, offsetBytes);
  }

  /**
   * Like {@link #write(MemorySegment, long, long, long)}, for a caller that knows that the file
   * reaches beyond the range. If the file was cut, this extends it.
   *
   * @throws IOException on an error
   */
  public void overwrite(
      MemorySegment buffer, long bufferOffsetBytes, long lengthBytes, long offsetBytes)
      throws IOException {
    long done = 0;
    while (done < lengthBytes) {
      MemorySegment rest = buffer.asSlice(bufferOffsetBytes + done, lengthBytes - done);
      long n = Posix.pwrite(descriptor, rest, lengthBytes - done, offsetBytes + done);
      done += progress(n, "write", offsetBytes + done, lengthBytes - done);
    }
  }

  /** Reads from one offset into the pieces, one after the other, until all are full. */
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    transfer(pieces, offsetBytes, "read", Posix::preadv);
  }

  /**
   * Writes the pieces to one offset, one after the other, until all are written.
   *
   * @throws IOException on an error, or if the file was cut since it was opened
   */
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    refuseIfCut();
    transfer(pieces, offsetBytes, "write", Posix::pwritev);
  }

  private void transfer(List<MemorySegment> pieces, long offsetBytes, String verb, VectorCall call)
      throws IOException {
    int first = 0;
    long skipBytes = 0;
    long position = offsetBytes;
    while (first < pieces.size()) {
      int count = Math.min(pieces.size() - first, MAX_VECTOR_PIECES);
      MemorySegment vectors = fillVectors(pieces, first, count, skipBytes);
      long n = call.transfer(descriptor, vectors, count, position);
      long moved = progress(n, verb, position, pieces.get(first).byteSize() - skipBytes);
      position += moved;
      skipBytes += moved;
      while (first < pieces.size() && skipBytes >= pieces.get(first).byteSize()) {
        skipBytes -= pieces.get(first).byteSize();
        first++;
      }
    }
  }

  /** preadv(2) or pwritev(2). */
  private interface VectorCall {
    long transfer(int descriptor, MemorySegment vectors, int count, long offsetBytes)
        throws IOException;
  }

  private static MemorySegment fillVectors(
      List<MemorySegment> pieces, int first, int count, long skipBytes) {
    MemorySegment vectors = VECTORS.get();
    long skip = skipBytes;
    for (int i = 0; i < count; i++) {
      MemorySegment piece = pieces.get(first + i);
      Invariants.check(piece.isNative(), "only native memory goes to the system");
      vectors.set(ValueLayout.JAVA_LONG, (long) i * IOVEC_BYTES, piece.address() + skip);
      vectors.set(ValueLayout.JAVA_LONG, (long) i * IOVEC_BYTES + 8, piece.byteSize() - skip);
      skip = 0;
    }
    return vectors;
  }

  /**
   * Converts the result of one call into bytes moved. An interrupted call moved none and is
   * repeated.
   */
  private long progress(long result, String verb, long offsetBytes, long leftBytes)
      throws IOException {
    if (result > 0 || leftBytes == 0) {
      return result;
    }
    if (result < 0 && Posix.errno() == Posix.EINTR) {
      return 0;
    }
    String what = "cannot " + verb + " " + path + " at byte " + offsetBytes;
    if (result < 0 && Posix.errno() == Posix.EFAULT) {
      // The file is not at fault: the memory is, a mapped page of another file.
      throw new InternalError(what + ": a page of the mapped memory failed");
    }
    if (result < 0) {
      throw Posix.failure(what);
    }
    throw new IOException(what + ": the file ends " + leftBytes + " bytes too early");
  }

  /**
   * Drops the file's clean pages from the page cache, so that later reads come from the device.
   * After a failed sync the page cache holds bytes that the device lacks. Best effort.
   */
  public void dropCachedPages() {
    var _ = Posix.posixFadvise(descriptor, 0, 0, Posix.POSIX_FADV_DONTNEED);
  }

  /** Makes every write completed before this call durable (fdatasync). */
  public void syncData() throws IOException {
    while (Posix.fdatasync(descriptor) != 0) {
      if (Posix.errno() != Posix.EINTR) {
        throw Posix.failure("cannot sync " + path);
      }
    }
  }

  /**
   * Allocates every block of a range of a regular file, and extends the file if needed.
   *
   * @return false if the file system has no such call; then nothing was changed
   * @throws NoSpaceException if the file system is full, or supports no file of that size
   */
  public boolean allocate(long offsetBytes, long lengthBytes) throws IOException {
    return fallocate(0, offsetBytes, lengthBytes, "allocate");
  }

  /**
   * Makes a range read as zeroes without writing it, and keeps its blocks allocated.
   *
   * @return false if the file system or device has no such call; then nothing was changed
   */
  public boolean zeroRange(long offsetBytes, long lengthBytes) throws IOException {
    return fallocate(
        Posix.FALLOC_FL_ZERO_RANGE | Posix.FALLOC_FL_KEEP_SIZE, offsetBytes, lengthBytes, "zero");
  }

  private boolean fallocate(int mode, long offsetBytes, long lengthBytes, String verb)
      throws IOException {
    while (Posix.fallocate(descriptor, mode, offsetBytes, lengthBytes) != 0) {
      int errno = Posix.errno();
      if (errno == Posix.EOPNOTSUPP || errno == Posix.EINVAL) {
        return false;
      }
      if (errno == Posix.ENOSPC || errno == Posix.EDQUOT) {
        throw new NoSpaceException(
            path
                + ": no room to "
                + verb
                + " "
                + lengthBytes
                + " bytes; free some or give a smaller size");
      }
      if (errno == Posix.EFBIG) {
        throw new NoSpaceException(
            path
                + ": its file system holds no file of "
                + (offsetBytes + lengthBytes)
                + " bytes; give a smaller size");
      }
      if (errno != Posix.EINTR) {
        throw Posix.failure("cannot " + verb + " " + lengthBytes + " bytes of " + path);
      }
    }
    return true;
  }

  /**
   * Maps the first {@code sizeBytes} of the file for reading and writing.
   *
   * @param arena the lifetime of the mapping
   */
  public MemorySegment map(long sizeBytes, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes, arena);
    }
  }

  /** Like {@link #map}, for the file that was opened, whatever its path names by now. */
  public MemorySegment mapOpened(long sizeBytes, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(descriptorPath(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes, arena);
    }
  }

  /** Closes the descriptor and releases the lock. A second call does nothing. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (Posix.close(descriptor) != 0) {
      throw Posix.failure("cannot close " + path);
    }
  }
}
