package io.pcache.nbd;

import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.RequestHeader;
import java.nio.ByteBuffer;

/**
 * The header of the request at hand, decoded. One per connection, filled again and again by its
 * thread.
 */
final class RequestFrame implements SocketInput.FirstBytes {
  private static final Magic COMPACT =
      new Magic("a request", RequestHeader.COMPACT_MAGIC, Integer.BYTES);
  private static final Magic EXTENDED =
      new Magic("an extended request", RequestHeader.EXTENDED_MAGIC, Integer.BYTES);

  private final boolean extended;
  private int flags;
  private int type;
  private long cookie;
  private long offsetBytes;
  private long lengthBytes;

  RequestFrame(ReplyStyle style) {
    extended = style == ReplyStyle.EXTENDED;
  }

  /** Another one for the same client. */
  RequestFrame another() {
    return new RequestFrame(extended ? ReplyStyle.EXTENDED : ReplyStyle.SIMPLE);
  }

  int headerBytes() {
    return extended ? RequestHeader.EXTENDED_BYTES : RequestHeader.COMPACT_BYTES;
  }

  /** The magic tells the agreed style from the other and from rubbish. */
  @Override
  public void check(ByteBuffer received) throws ProtocolViolation {
    (extended ? EXTENDED : COMPACT).check(received);
  }

  /** Takes a header; all of it has been received. */
  void decode(ByteBuffer received) throws ProtocolViolation {
    check(received);
    received.position(received.position() + Integer.BYTES);
    flags = Short.toUnsignedInt(received.getShort());
    type = Short.toUnsignedInt(received.getShort());
    cookie = received.getLong();
    offsetBytes = received.getLong();
    lengthBytes = extended ? received.getLong() : Integer.toUnsignedLong(received.getInt());
  }

  boolean isExtended() {
    return extended;
  }

  int flags() {
    return flags;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  int type() {
    return type;
  }

  long cookie() {
    return cookie;
  }

  /** As sent: above {@code Long.MAX_VALUE} it is negative. */
  long offsetBytes() {
    return offsetBytes;
  }

  /** As sent: above {@code Long.MAX_VALUE} it is negative. */
  long lengthBytes() {
    return lengthBytes;
  }

  /** How many bytes of payload follow the header, read as the length is. */
  long payloadBytes() {
    boolean follows = extended ? has(CommandFlag.PAYLOAD_LEN) : type == Command.WRITE;
    return follows ? lengthBytes : 0;
  }
}
