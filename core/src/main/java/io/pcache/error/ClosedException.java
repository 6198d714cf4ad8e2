package io.pcache.error;

/** The device has been closed or is closing; the request was not carried out. */
public final class ClosedException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public ClosedException(String message) {
    super(ErrorKind.CLOSED, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public ClosedException(String message, Throwable cause) {
    super(ErrorKind.CLOSED, message, cause);
  }
}
