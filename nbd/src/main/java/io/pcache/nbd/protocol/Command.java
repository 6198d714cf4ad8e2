package io.pcache.nbd.protocol;

/** Requests of the transmission phase ({@code NBD_CMD_*}). */
public final class Command {
  /** Read. */
  public static final int READ = 0;

  /** Write. */
  public static final int WRITE = 1;

  /** Disconnect, after everything in flight. */
  public static final int DISC = 2;

  /** Make completed writes durable. */
  public static final int FLUSH = 3;

  /** Discard. */
  public static final int TRIM = 4;

  /** Bring into the cache. */
  public static final int CACHE = 5;

  /** Make a range read as zeroes. */
  public static final int WRITE_ZEROES = 6;

  /** Report metadata of a range. */
  public static final int BLOCK_STATUS = 7;

  private Command() {}
}
