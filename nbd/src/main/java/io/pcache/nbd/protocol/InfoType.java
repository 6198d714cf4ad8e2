package io.pcache.nbd.protocol;

/** Facts about an export ({@code NBD_INFO_*}). */
public final class InfoType {
  /** u64 size · u16 transmission flags. */
  public static final int EXPORT = 0;

  /** The export's canonical name. */
  public static final int NAME = 1;

  /** Text for people. */
  public static final int DESCRIPTION = 2;

  /** u32 minimum · u32 preferred · u32 maximum payload. */
  public static final int BLOCK_SIZE = 3;

  private InfoType() {}
}
