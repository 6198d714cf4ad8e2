package io.pcache.error;

/** A device holds something that this version does not read or must not overwrite. */
public final class UnsupportedFormatException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public UnsupportedFormatException(String message) {
    super(ErrorKind.UNSUPPORTED_FORMAT, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public UnsupportedFormatException(String message, Throwable cause) {
    super(ErrorKind.UNSUPPORTED_FORMAT, message, cause);
  }
}
