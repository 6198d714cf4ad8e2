package io.pcache.block;

/** The operation of a {@link BlockRequest}. */
public enum BlockOp {
  /** Fill the buffer from the device. */
  READ,
  /** Write the buffer's bytes to the device. */
  WRITE,
  /** Make every write durable that was complete before this request. */
  FLUSH,
  /** Make the range read as zeroes. */
  WRITE_ZEROES,
  /** Bring the range into the cache, and return nothing. */
  PREFETCH
}
