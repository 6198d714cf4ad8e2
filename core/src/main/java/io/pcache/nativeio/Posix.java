package io.pcache.nativeio;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that pcache makes itself, with their error numbers. The rest of this package
 * builds on them.
 *
 * <p>Thread-safety: all methods from any thread. No method is interruptible, and that is the
 * purpose of this class. An embedding program may interrupt its threads, and a {@code FileChannel}
 * closes itself if its thread is interrupted.
 */
@SuppressWarnings("restricted") // foreign calls are what this class is for
final class Posix {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int ENXIO = 6;
  static final int EWOULDBLOCK = 11;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int EFAULT = 14;
  static final int ENOTDIR = 20;
  static final int EINVAL = 22;
  static final int EMFILE = 24;
  static final int EFBIG = 27;
  static final int ENOSPC = 28;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;
  static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;

  static final int O_NOFOLLOW = System.getProperty("os.arch").equals("aarch64") ? 0x8000 : 0x20000;

  static final long TMPFS_MAGIC = 0x01021994;
  private static final long STATFS_BYTES = 256;

  static final int LOCK_SH = 1;
  static final int LOCK_EX = 2;
  static final int LOCK_NB = 4;
  static final int LOCK_UN = 8;
  static final int SEEK_END = 2;
  static final int POSIX_FADV_DONTNEED = 4;
  static final int FALLOC_FL_KEEP_SIZE = 1;
  static final int FALLOC_FL_ZERO_RANGE = 0x10;

  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC_STATS = 0x7FF;

  /** Field offsets in struct statx, which is the same on every architecture. */
  private static final class Statx {
    static final long SIZE_BYTES = 256;
    static final long LINKS_OFFSET = 16;
    static final long MODE_OFFSET = 28;
    static final long INODE_OFFSET = 32;
    static final long SIZE_OFFSET = 40;
    static final long SPECIAL_DEVICE_OFFSET = 128;
    static final long DEVICE_OFFSET = 136;
  }

  static final int FILE_TYPE_MASK = 0170000;
  static final int BLOCK_DEVICE_TYPE = 0060000;

  /** The ioctl request that asks whether a block device is read-only. */
  private static final long BLKROGET = 0x125E;

  /** The ioctl request that asks what a loop device has attached. */
  private static final long LOOP_GET_STATUS64 = 0x4C05;

  /** Field offsets in struct loop_info64, which is the same on every architecture. */
  private static final class LoopInfo {
    static final long SIZE_BYTES = 232;
    static final long DEVICE_OFFSET = 0;
    static final long INODE_OFFSET = 8;
    static final long SPECIAL_DEVICE_OFFSET = 16;
  }

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> CAPTURE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_LAYOUT));

  private static final MethodHandle OPEN =
      bind(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle PREAD =
      bind("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      bind("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PREADV =
      bind("preadv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  private static final MethodHandle PWRITEV =
      bind("pwritev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  private static final MethodHandle FDATASYNC =
      bind("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle FALLOCATE =
      bind("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FLOCK =
      bind("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle LSEEK =
      bind("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle IOCTL =
      bind(
          "ioctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle STATX =
      bind(
          "statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle FSTATFS =
      bind("fstatfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle MLOCK =
      bind("mlock", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle GETEUID = bind("geteuid", FunctionDescriptor.of(JAVA_INT));
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private static final MethodHandle ABS =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("abs"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle POSIX_FADVISE =
      bind(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private Posix() {}

  private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
    Linker.Option[] all = new Linker.Option[options.length + 1];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = Linker.Option.captureCallState("errno");
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
  }

  /** Returns the error number of this thread's last call that failed. */
  static int errno() {
    return (int) ERRNO.get(CAPTURE.get(), 0L);
  }

  /** Returns the platform's text for an error number. */
  static String describe(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** Creates an exception for this thread's last failed call. */
  static IOException failure(String what) {
    int errno = errno();
    String wayOut = errno == EMFILE ? "; raise this process's limit of open files (ulimit -n)" : "";
    String message = what + ": " + describe(errno) + " (error " + errno + ")" + wayOut;
    return errno == ENOSPC || errno == EDQUOT
        ? new FullFileSystemException(message)
        : new IOException(message);
  }

  /**
   * Opens a file.
   *
   * @param path its name in bytes, without the terminating zero
   */
  static int open(byte[] path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) OPEN.invokeExact(CAPTURE.get(), terminated(path, arena), flags, mode);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private static MemorySegment terminated(byte[] path, Arena arena) {
    MemorySegment name = arena.allocate(path.length + 1L);
    MemorySegment.copy(path, 0, name, JAVA_BYTE, 0, path.length);
    return name;
  }

  static int close(int descriptor) {
    try {
      return (int) CLOSE.invokeExact(CAPTURE.get(), descriptor);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static long pread(int descriptor, MemorySegment buffer, long lengthBytes, long offsetBytes) {
    try {
      return (long) PREAD.invokeExact(CAPTURE.get(), descriptor, buffer, lengthBytes, offsetBytes);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static long pwrite(int descriptor, MemorySegment buffer, long lengthBytes, long offsetBytes) {
    try {
      return (long) PWRITE.invokeExact(CAPTURE.get(), descriptor, buffer, lengthBytes, offsetBytes);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static long preadv(int descriptor, MemorySegment vectors, int count, long offsetBytes) {
    try {
      return (long) PREADV.invokeExact(CAPTURE.get(), descriptor, vectors, count, offsetBytes);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static long pwritev(int descriptor, MemorySegment vectors, int count, long offsetBytes) {
    try {
      return (long) PWRITEV.invokeExact(CAPTURE.get(), descriptor, vectors, count, offsetBytes);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static int fdatasync(int descriptor) {
    try {
      return (int) FDATASYNC.invokeExact(CAPTURE.get(), descriptor);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static int fallocate(int descriptor, int mode, long offsetBytes, long lengthBytes) {
    try {
      return (int) FALLOCATE.invokeExact(CAPTURE.get(), descriptor, mode, offsetBytes, lengthBytes);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static int flock(int descriptor, int operation) {
    try {
      return (int) FLOCK.invokeExact(CAPTURE.get(), descriptor, operation);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static long lseek(int descriptor, long offsetBytes, int whence) {
    try {
      return (long) LSEEK.invokeExact(CAPTURE.get(), descriptor, offsetBytes, whence);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /**
   * Returns the type number of a file system, or -1. It is the first field of struct statfs, a
   * machine word.
   */
  static long fileSystemMagic(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statfs = arena.allocate(STATFS_BYTES, Long.BYTES);
      int result = (int) FSTATFS.invokeExact(CAPTURE.get(), descriptor, statfs);
      return result < 0 ? result : statfs.get(JAVA_LONG, 0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** Keeps the pages of a range of memory resident until they are unmapped, or returns -1. */
  static int mlock(MemorySegment range) {
    try {
      return (int) MLOCK.invokeExact(CAPTURE.get(), range, range.byteSize());
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static int geteuid() {
    try {
      return (int) GETEUID.invokeExact(CAPTURE.get());
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static int posixFadvise(int descriptor, long offsetBytes, long lengthBytes, int advice) {
    try {
      return (int)
          POSIX_FADVISE.invokeExact(CAPTURE.get(), descriptor, offsetBytes, lengthBytes, advice);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** Returns whether the block device behind a descriptor is read-only. */
  static boolean isReadOnlyBlockDevice(int descriptor) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(JAVA_INT);
      if ((int) IOCTL.invokeExact(CAPTURE.get(), descriptor, BLKROGET, answer) != 0) {
        throw failure("cannot ask whether the block device is read-only");
      }
      return answer.get(JAVA_INT, 0) != 0;
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /**
   * Returns the file or block device that a loop device has attached, whether or not it still has a
   * path.
   *
   * @param descriptor of the loop device
   * @return null if the system does not say, with {@link #ENXIO} if nothing is attached
   */
  static FileState.@Nullable Id attachedTo(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(LoopInfo.SIZE_BYTES, Long.BYTES);
      if ((int) IOCTL.invokeExact(CAPTURE.get(), descriptor, LOOP_GET_STATUS64, info) != 0) {
        return null;
      }
      long special = info.get(JAVA_LONG, LoopInfo.SPECIAL_DEVICE_OFFSET);
      return special == 0
          ? new FileState.Id(
              decodeDevice(info.get(JAVA_LONG, LoopInfo.DEVICE_OFFSET)),
              info.get(JAVA_LONG, LoopInfo.INODE_OFFSET))
          : new FileState.Id(decodeDevice(special), 0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /**
   * Converts the kernel's one-word form of a device number into that of {@link FileState}. The word
   * has the minor number in bits 0 to 7 and 20 to 31, and the major number in bits 8 to 19.
   */
  static long decodeDevice(long word) {
    long major = (word >>> 8) & 0xFFF;
    long minor = (word & 0xFF) | ((word >>> 12) & 0xFFF00);
    return deviceNumber((int) major, (int) minor);
  }

  private static long deviceNumber(int major, int minor) {
    return (long) major << Integer.SIZE | Integer.toUnsignedLong(minor);
  }

  /** Returns the state of an open file. */
  static FileState stateOf(int descriptor) throws IOException {
    FileState state = statx(descriptor, new byte[0], AT_EMPTY_PATH);
    if (state == null) {
      throw failure("cannot look at an open file");
    }
    return state;
  }

  /**
   * Returns the state of the file at a path, or null if there is none.
   *
   * @param path its name in bytes, without the terminating zero
   */
  static @Nullable FileState stateAt(byte[] path) throws IOException {
    FileState state = statx(AT_FDCWD, path, 0);
    if (state == null && errno() != ENOENT && errno() != ENOTDIR) {
      throw failure("cannot look at a file by its path");
    }
    return state;
  }

  private static @Nullable FileState statx(int descriptor, byte[] path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = terminated(path, arena);
      MemorySegment answer = arena.allocate(Statx.SIZE_BYTES, Long.BYTES);
      int result =
          (int)
              STATX.invokeExact(CAPTURE.get(), descriptor, name, flags, STATX_BASIC_STATS, answer);
      return result == 0 ? stateIn(answer) : null;
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private static FileState stateIn(MemorySegment answer) {
    boolean isBlockDevice =
        (answer.get(JAVA_SHORT, Statx.MODE_OFFSET) & FILE_TYPE_MASK) == BLOCK_DEVICE_TYPE;
    long device = isBlockDevice ? Statx.SPECIAL_DEVICE_OFFSET : Statx.DEVICE_OFFSET;
    return new FileState(
        deviceNumber(answer.get(JAVA_INT, device), answer.get(JAVA_INT, device + Integer.BYTES)),
        isBlockDevice ? 0 : answer.get(JAVA_LONG, Statx.INODE_OFFSET),
        Integer.toUnsignedLong(answer.get(JAVA_INT, Statx.LINKS_OFFSET)),
        isBlockDevice ? 0 : answer.get(JAVA_LONG, Statx.SIZE_OFFSET));
  }

  /**
   * Makes the cheapest possible foreign call, for the thread-state transition that comes with it.
   *
   * @param argument passed to the foreign function, so no compiler leaves out its computation
   */
  static void doNothingWith(int argument) {
    try {
      int _ = (int) ABS.invokeExact(argument);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /**
   * Rethrows an error to satisfy the compiler. A method handle to a C function throws no checked
   * exception.
   */
  private static RuntimeException rethrow(Throwable t) {
    switch (t) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(t);
    }
  }
}
