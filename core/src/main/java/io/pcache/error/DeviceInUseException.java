package io.pcache.error;

/** Another opener holds the device. */
public final class DeviceInUseException extends PcacheException {
  private static final long serialVersionUID = 1L;

  /** Creates the error with a one-line message for the operator. */
  public DeviceInUseException(String message) {
    super(ErrorKind.DEVICE_IN_USE, message, null);
  }

  /** Creates the error with a one-line message for the operator, and its cause. */
  public DeviceInUseException(String message, Throwable cause) {
    super(ErrorKind.DEVICE_IN_USE, message, cause);
  }
}
