package io.pcache.error;

/** The backing device is not the one that the cache belongs to. */
public final class WrongDeviceException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public WrongDeviceException(String message) {
    super(ErrorKind.WRONG_DEVICE, message, null);
  }
}
