package io.pcache.nbd.protocol;

/**
 * The header of a request in both styles.
 *
 * <pre>
 * at   compact             extended
 *  0   u32 magic           u32 magic
 *  4   u16 flags           u16 flags
 *  6   u16 type            u16 type
 *  8   u64 cookie          u64 cookie
 * 16   u64 offset          u64 offset
 * 24   u32 length          u64 length
 * </pre>
 */
public final class RequestHeader {
  /** {@code NBD_REQUEST_MAGIC}. */
  public static final int COMPACT_MAGIC = 0x25609513;

  /** {@code NBD_EXTENDED_REQUEST_MAGIC}. */
  public static final int EXTENDED_MAGIC = 0x21e41c71;

  /** Bytes in a compact header. */
  public static final int COMPACT_BYTES = 28;

  /** Bytes in an extended header. */
  public static final int EXTENDED_BYTES = 32;

  private RequestHeader() {}
}
