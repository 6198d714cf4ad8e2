package io.pcache.error;

/** The cache device failed a read, a write or a sync. */
public final class MediaFailureException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public MediaFailureException(String message) {
    super(ErrorKind.MEDIA_FAILURE, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public MediaFailureException(String message, Throwable cause) {
    super(ErrorKind.MEDIA_FAILURE, message, cause);
  }
}
