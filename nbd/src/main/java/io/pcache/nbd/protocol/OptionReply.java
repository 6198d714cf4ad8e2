package io.pcache.nbd.protocol;

/** How a server answers an option ({@code NBD_REP_*}). */
public final class OptionReply {
  /** Done. */
  public static final int ACK = 1;

  /** One export: u32 name length · name. */
  public static final int SERVER = 2;

  /** One fact about an export: u16 {@link InfoType} · fact. */
  public static final int INFO = 3;

  /** One metadata context: u32 id · name. */
  public static final int META_CONTEXT = 4;

  /** The option is not known, or not offered. */
  public static final int ERR_UNSUP = 0x8000_0001;

  /** The option's data is malformed, or it makes no sense now. */
  public static final int ERR_INVALID = 0x8000_0003;

  /** No export has that name. */
  public static final int ERR_UNKNOWN = 0x8000_0006;

  /** The server is shutting down. */
  public static final int ERR_SHUTDOWN = 0x8000_0007;

  /** The option's data is too long. */
  public static final int ERR_TOO_BIG = 0x8000_0009;

  /** Extended headers are in use and exclude this. */
  public static final int ERR_EXT_HEADER_REQD = 0x8000_000a;

  private OptionReply() {}
}
