package io.pcache.error;

/**
 * The kinds of error, by the operator's remedy. Each kind maps to one NBD error number and to one
 * exit code of the {@code pcache} command. Both are part of the public interface and never change
 * their meaning.
 */
public enum ErrorKind {
  /**
   * A record or data on the cache device is damaged. Examine it with the tools; restore or repair
   * it.
   */
  CORRUPT_MEDIA(10, Nbd.EIO),
  /**
   * The device holds something that this version does not read, such as another format, byte order
   * or mode. It can also be something that must not be overwritten.
   */
  UNSUPPORTED_FORMAT(11, Nbd.EIO),
  /**
   * The backing device is not the one that this cache belongs to. Use the right one, or adopt it
   * explicitly.
   */
  WRONG_DEVICE(12, Nbd.EIO),
  /** Another opener has the device open. Stop it first. */
  DEVICE_IN_USE(13, Nbd.EIO),
  /** A file system or device is full or too small. */
  NO_SPACE(14, Nbd.ENOSPC),
  /** The backing device failed a read, write or flush. */
  BACKING_FAILURE(15, Nbd.EIO),
  /** The cache device failed a read, write or sync. */
  MEDIA_FAILURE(16, Nbd.EIO),
  /** An option, offset, length or file name that makes no sense. */
  BAD_OPTION(2, Nbd.EINVAL),
  /** The device has been closed, or is closing. */
  CLOSED(17, Nbd.ESHUTDOWN);

  /** Error numbers as the NBD protocol defines them, independent of the platform's own. */
  private static final class Nbd {
    static final int EIO = 5;
    static final int EINVAL = 22;
    static final int ENOSPC = 28;
    static final int ESHUTDOWN = 108;
  }

  private final int exitCode;
  private final int nbdErrno;

  ErrorKind(int exitCode, int nbdErrno) {
    this.exitCode = exitCode;
    this.nbdErrno = nbdErrno;
  }

  /** Returns the exit code of the {@code pcache} command, 1–125. */
  public int exitCode() {
    return exitCode;
  }

  /** Returns the error number of an NBD reply. */
  public int nbdErrno() {
    return nbdErrno;
  }
}
