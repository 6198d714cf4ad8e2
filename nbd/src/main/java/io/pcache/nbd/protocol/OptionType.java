package io.pcache.nbd.protocol;

/** What a client can ask for in the handshake ({@code NBD_OPT_*}). */
public final class OptionType {
  /** Choose an export and start, without an error reply. */
  public static final int EXPORT_NAME = 1;

  /** Give up. */
  public static final int ABORT = 2;

  /** List the exports. */
  public static final int LIST = 3;

  /** Switch to TLS. */
  public static final int STARTTLS = 5;

  /** Describe an export. */
  public static final int INFO = 6;

  /** Describe an export and start. */
  public static final int GO = 7;

  /** Reply in chunks. */
  public static final int STRUCTURED_REPLY = 8;

  /** List metadata contexts. */
  public static final int LIST_META_CONTEXT = 9;

  /** Choose metadata contexts for block status. */
  public static final int SET_META_CONTEXT = 10;

  /** Use 64-bit lengths in requests and replies. */
  public static final int EXTENDED_HEADERS = 11;

  private OptionType() {}
}
