package io.pcache.nbd;

/** An option gets an error reply; the handshake goes on. */
final class OptionRejected extends Exception {
  private static final long serialVersionUID = 1L;

  private final int replyType;

  /**
   * @param replyType one of {@code OptionReply.ERR_*}
   * @param message one line for the client's user
   */
  OptionRejected(int replyType, String message) {
    super(message, null, false, false);
    this.replyType = replyType;
  }

  int replyType() {
    return replyType;
  }
}
