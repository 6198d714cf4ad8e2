package io.pcache.error;

/** The backing device failed a read, a write or a flush. */
public final class BackingFailureException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public BackingFailureException(String message) {
    super(ErrorKind.BACKING_FAILURE, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public BackingFailureException(String message, Throwable cause) {
    super(ErrorKind.BACKING_FAILURE, message, cause);
  }
}
