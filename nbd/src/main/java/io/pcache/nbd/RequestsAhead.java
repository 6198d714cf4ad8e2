package io.pcache.nbd;

import io.pcache.nbd.protocol.Command;
import java.nio.ByteBuffer;

/** Requests that have been received behind the one at hand, and not yet been taken. */
final class RequestsAhead {
  private RequestsAhead() {}

  /**
   * Whether one of them announces that the client leaves. What is no request ends the search: it is
   * found again when its turn comes.
   *
   * @param received what follows the header of the request at hand; stays as it is
   */
  static boolean sayGoodbye(ByteBuffer received, RequestFrame atHand) {
    ByteBuffer rest = received.duplicate();
    RequestFrame next = atHand.another();
    try {
      boolean more = skipTo(rest, atHand, next);
      while (more) {
        next.decode(rest);
        if (next.type() == Command.DISC) {
          return true;
        }
        more = skipTo(rest, next, next);
      }
      return false;
    } catch (ProtocolViolation e) {
      return false;
    }
  }

  /** Skips the payload of a request; false if the next header has not been received as a whole. */
  private static boolean skipTo(ByteBuffer rest, RequestFrame frame, RequestFrame next) {
    long payloadBytes = frame.payloadBytes();
    if (Long.compareUnsigned(payloadBytes, rest.remaining()) > 0) {
      return false;
    }
    rest.position(rest.position() + (int) payloadBytes);
    return rest.remaining() >= next.headerBytes();
  }
}
