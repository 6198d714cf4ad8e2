package io.pcache.block;

/** What a {@link BlockRequest} asks for. */
public enum BlockOp {
  /** Fill the buffer from the device. */
  READ,
  /** Put the buffer's bytes on the device. */
  WRITE,
  /** Make every write that was complete before this request durable. */
  FLUSH,
  /** Make the range read as zeroes. */
  WRITE_ZEROES,
  /** Bring the range into the cache; nothing is returned. */
  PREFETCH
}
