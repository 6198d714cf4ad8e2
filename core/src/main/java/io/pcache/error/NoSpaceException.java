package io.pcache.error;

/** A file system or device is full or too small. */
public final class NoSpaceException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public NoSpaceException(String message) {
    super(ErrorKind.NO_SPACE, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public NoSpaceException(String message, Throwable cause) {
    super(ErrorKind.NO_SPACE, message, cause);
  }
}
