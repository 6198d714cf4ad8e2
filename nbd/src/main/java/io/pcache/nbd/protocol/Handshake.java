package io.pcache.nbd.protocol;

/**
 * The fixed newstyle handshake.
 *
 * <pre>
 * server greets:   u64 NBDMAGIC · u64 IHAVEOPT · u16 handshake flags
 * client answers:  u32 client flags
 * client asks:     u64 IHAVEOPT · u32 option · u32 length · data
 * server replies:  u64 reply magic · u32 option · u32 reply type · u32 length · data
 * </pre>
 */
public final class Handshake {
  /** {@code NBDMAGIC}, the first bytes of the server's greeting. */
  public static final long NBD_MAGIC = 0x4e42444d41474943L;

  /** {@code IHAVEOPT}, ends the greeting and starts every option. */
  public static final long OPTION_MAGIC = 0x49484156454f5054L;

  /** Starts every reply to an option. */
  public static final long REPLY_MAGIC = 0x0003e889045565a9L;

  /** Handshake flag {@code NBD_FLAG_FIXED_NEWSTYLE}; the client's flag has the same value. */
  public static final int FLAG_FIXED_NEWSTYLE = 1;

  /** Handshake flag {@code NBD_FLAG_NO_ZEROES}; the client's flag has the same value. */
  public static final int FLAG_NO_ZEROES = 1 << 1;

  /** Bytes in the server's greeting. */
  public static final int GREETING_BYTES = 18;

  /** Bytes in the client's flags. */
  public static final int CLIENT_FLAGS_BYTES = 4;

  /** Bytes in front of an option's data. */
  public static final int OPTION_HEADER_BYTES = 16;

  /** Bytes in front of a reply's data. */
  public static final int REPLY_HEADER_BYTES = 20;

  /**
   * Zero bytes after the answer to {@code NBD_OPT_EXPORT_NAME}, unless {@link #FLAG_NO_ZEROES} was
   * agreed on.
   */
  public static final int EXPORT_NAME_PADDING_BYTES = 124;

  /** The longest string the protocol allows, in bytes of UTF-8. */
  public static final int MAX_STRING_BYTES = 4096;

  private Handshake() {}
}
