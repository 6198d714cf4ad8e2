package io.pcache.error;

/** An option, offset, length or file name that makes no sense. */
public final class BadOptionException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public BadOptionException(String message) {
    super(ErrorKind.BAD_OPTION, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public BadOptionException(String message, Throwable cause) {
    super(ErrorKind.BAD_OPTION, message, cause);
  }
}
