package io.pcache.nbd.protocol;

/** Flags of a request ({@code NBD_CMD_FLAG_*}). */
public final class CommandFlag {
  /** Durable before the reply. */
  public static final int FUA = 1;

  /** Zeroes are to be allocated. */
  public static final int NO_HOLE = 1 << 1;

  /** The data of a read comes in one chunk. */
  public static final int DF = 1 << 2;

  /** One extent per metadata context is enough. */
  public static final int REQ_ONE = 1 << 3;

  /** Fail rather than zero at the speed of a write. */
  public static final int FAST_ZERO = 1 << 4;

  /** With extended headers: the length is that of a payload which follows. */
  public static final int PAYLOAD_LEN = 1 << 5;

  private CommandFlag() {}
}
