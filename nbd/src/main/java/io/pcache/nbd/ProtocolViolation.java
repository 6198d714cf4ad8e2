package io.pcache.nbd;

/** A client did what the protocol forbids, and the connection cannot go on. */
final class ProtocolViolation extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one line: what was found and what was expected
   */
  ProtocolViolation(String message) {
    // No stack trace: the fault is the client's, and a hostile one must not make us pay for it.
    super(message, null, false, false);
  }
}
