package io.pcache.backing;

/** Why a request is taken from the pool. Decides whether it may use the reserve. */
public enum RequestPurpose {
  /** For a read of a client or ahead of one. Does not use the reserve. */
  READ_MISS,
  /** For write-back, which makes the room that all other work needs. May use the whole pool. */
  WRITE_BACK
}
