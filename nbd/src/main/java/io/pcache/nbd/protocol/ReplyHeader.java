package io.pcache.nbd.protocol;

/**
 * The header of a reply in its three styles.
 *
 * <pre>
 * at   simple              structured chunk    extended chunk
 *  0   u32 magic           u32 magic           u32 magic
 *  4   u32 error           u16 flags           u16 flags
 *  6                       u16 type            u16 type
 *  8   u64 cookie          u64 cookie          u64 cookie
 * 16   (data of a read)    u32 payload length  u64 offset of the request
 * 24                                           u64 payload length
 * </pre>
 */
public final class ReplyHeader {
  /** {@code NBD_SIMPLE_REPLY_MAGIC}. */
  public static final int SIMPLE_MAGIC = 0x67446698;

  /** {@code NBD_STRUCTURED_REPLY_MAGIC}. */
  public static final int STRUCTURED_MAGIC = 0x668e33ef;

  /** {@code NBD_EXTENDED_REPLY_MAGIC}. */
  public static final int EXTENDED_MAGIC = 0x6e8a278c;

  /** Bytes in front of an extended chunk's payload. */
  public static final int EXTENDED_BYTES = 32;

  /** Flag {@code NBD_REPLY_FLAG_DONE}: the last chunk of the reply. */
  public static final int FLAG_DONE = 1;

  /** No payload. */
  public static final int TYPE_NONE = 0;

  /** u64 offset · data. */
  public static final int TYPE_OFFSET_DATA = 1;

  /** u32 context id · per extent: u32 length, u32 status. */
  public static final int TYPE_BLOCK_STATUS = 5;

  /** u32 context id · u32 number of extents · per extent: u64 length, u64 status. */
  public static final int TYPE_BLOCK_STATUS_EXT = 6;

  /** u32 error · u16 message length · message. */
  public static final int TYPE_ERROR = 0x8001;

  private ReplyHeader() {}
}
