package io.pcache.nbd.protocol;

/** What an export can do ({@code NBD_FLAG_*} of the transmission phase). */
public final class TransmissionFlag {
  /** The other flags mean something. */
  public static final int HAS_FLAGS = 1;

  /** {@link Command#FLUSH} is understood. */
  public static final int SEND_FLUSH = 1 << 2;

  /** {@link CommandFlag#FUA} is understood. */
  public static final int SEND_FUA = 1 << 3;

  /** {@link Command#WRITE_ZEROES} is understood. */
  public static final int SEND_WRITE_ZEROES = 1 << 6;

  /** {@link CommandFlag#DF} is understood. */
  public static final int SEND_DF = 1 << 7;

  /** A flush on one connection covers the writes of all. */
  public static final int CAN_MULTI_CONN = 1 << 8;

  /** {@link Command#CACHE} is understood. */
  public static final int SEND_CACHE = 1 << 10;

  private TransmissionFlag() {}
}
