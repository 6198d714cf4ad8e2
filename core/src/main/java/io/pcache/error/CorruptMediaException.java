package io.pcache.error;

/** A record or cached data on the cache device is damaged. */
public final class CorruptMediaException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public CorruptMediaException(String message) {
    super(ErrorKind.CORRUPT_MEDIA, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public CorruptMediaException(String message, Throwable cause) {
    super(ErrorKind.CORRUPT_MEDIA, message, cause);
  }
}
