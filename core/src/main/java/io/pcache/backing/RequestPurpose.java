package io.pcache.backing;

/** Why a request is taken from the pool; decides whether it may use the reserve. */
public enum RequestPurpose {
  /** For a client or ahead of one. Leaves the reserve alone. */
  READ_MISS,
  /**
   * For write-back, which makes the room that everything else waits for. May use the whole pool.
   */
  WRITE_BACK
}
