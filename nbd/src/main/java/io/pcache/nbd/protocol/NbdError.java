package io.pcache.nbd.protocol;

/** Error numbers in replies, as the protocol defines them. */
public final class NbdError {
  /** Success. */
  public static final int NONE = 0;

  /** The device failed. */
  public static final int EIO = 5;

  /** The request makes no sense. */
  public static final int EINVAL = 22;

  /** A write past the end, or a full device. */
  public static final int ENOSPC = 28;

  /** The server is shutting down. */
  public static final int ESHUTDOWN = 108;

  private NbdError() {}
}
