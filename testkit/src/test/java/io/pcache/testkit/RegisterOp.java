package io.pcache.testkit;

/**
 * One operation on a register, as the one who asked for it saw it. Times are tickets of one counter
 * that all threads draw from, the first before the operation is submitted and the second after it
 * is complete: operation a is before operation b where {@code a.ended() < b.began()}, else the two
 * overlap.
 *
 * @param kind what it was
 * @param value what was written or read
 * @param began ticket before its start
 * @param ended ticket after its end
 */
record RegisterOp(Kind kind, int value, long began, long ended) {
  /** What an operation does. */
  enum Kind {
    /** Stores a value. */
    WRITE,
    /** Answers with a value. */
    READ
  }

  @Override
  public String toString() {
    return "%s %d [%d, %d]".formatted(kind, value, began, ended);
  }
}
