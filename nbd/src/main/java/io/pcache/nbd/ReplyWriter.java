package io.pcache.nbd;

import io.pcache.block.BlockOp;
import io.pcache.error.PcacheException;
import io.pcache.nbd.protocol.NbdError;
import io.pcache.nbd.protocol.ReplyHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Encodes replies and gathers small ones, but not many: the client is to work on the first while
 * later ones come about. Large payloads go out of the request's own buffer. Two of these can share
 * one {@link SocketOutput}, because each sends whole messages.
 *
 * <p>Thread-safety: none; each belongs to one thread.
 */
final class ReplyWriter {
  /** Room for two full block status chunks, and for many small replies. */
  static final int BUFFER_BYTES = 1 << 18;

  /** Up to here copying is cheaper than one more element in a gathered write. */
  private static final int COPIED_PAYLOAD_BYTES = 1 << 15;

  private static final int MAX_GATHERED = 8;

  private static final int MAX_HEADER_BYTES = ReplyHeader.EXTENDED_BYTES + Long.BYTES;
  private static final int MAX_MESSAGE_CHARS = 250;

  private final SocketOutput output;
  private final ReplyStyle style;
  private final ByteBuffer pending;

  /** How many of the replies in {@link #pending} answer requests that were carried out. */
  private int gathered;

  /**
   * @param pending {@link #BUFFER_BYTES} for this alone
   */
  ReplyWriter(SocketOutput output, ReplyStyle style, ByteBuffer pending) {
    this.output = output;
    this.style = style;
    this.pending = pending.clear();
  }

  /**
   * Answers a request that the device is done with. The request can be reused when this returns.
   */
  void reply(NbdRequest request) throws IOException {
    PcacheException cause = request.cause();
    if (cause != null) {
      error(
          request.cookie(),
          request.repliedOffsetBytes(),
          cause.kind().nbdErrno(),
          String.valueOf(cause.getMessage()));
    } else if (request.op() == BlockOp.READ) {
      data(request);
    } else {
      success(request.cookie(), request.repliedOffsetBytes());
    }
    gathered++;
    if (gathered >= MAX_GATHERED) {
      flush();
    }
  }

  private void data(NbdRequest request) throws IOException {
    int length = (int) request.lengthBytes();
    boolean copied = length <= COPIED_PAYLOAD_BYTES;
    makeRoom(MAX_HEADER_BYTES + (copied ? length : 0));
    if (style == ReplyStyle.SIMPLE) {
      simple(request.cookie(), NbdError.NONE);
    } else {
      chunk(
          ReplyHeader.TYPE_OFFSET_DATA,
          ReplyHeader.FLAG_DONE,
          request.cookie(),
          request.offsetBytes(),
          Long.BYTES + length);
      pending.putLong(request.offsetBytes());
    }
    ByteBuffer payload = request.payload().prefixView(length);
    if (copied) {
      pending.put(payload);
    } else {
      output.send(pending.flip(), payload);
      pending.clear();
    }
  }

  private void success(long cookie, long offsetBytes) throws IOException {
    makeRoom(MAX_HEADER_BYTES);
    if (style == ReplyStyle.EXTENDED) {
      chunk(ReplyHeader.TYPE_NONE, ReplyHeader.FLAG_DONE, cookie, offsetBytes, 0);
    } else {
      simple(cookie, NbdError.NONE);
    }
  }

  void refuse(long cookie, long offsetBytes, Refusal refusal) throws IOException {
    error(cookie, offsetBytes, refusal.errno(), refusal.message());
  }

  void error(long cookie, long offsetBytes, int errno, String message) throws IOException {
    if (style == ReplyStyle.SIMPLE) {
      makeRoom(MAX_HEADER_BYTES);
      simple(cookie, errno);
      return;
    }
    byte[] text =
        message
            .substring(0, Math.min(message.length(), MAX_MESSAGE_CHARS))
            .getBytes(StandardCharsets.UTF_8);
    int payloadBytes = Integer.BYTES + Short.BYTES + text.length;
    makeRoom(MAX_HEADER_BYTES + payloadBytes);
    chunk(ReplyHeader.TYPE_ERROR, ReplyHeader.FLAG_DONE, cookie, offsetBytes, payloadBytes);
    pending.putInt(errno).putShort((short) text.length).put(text);
  }

  /** One metadata context's part of a block status reply. */
  void status(long cookie, long offsetBytes, MetaContext context, StatusExtents extents, int flags)
      throws IOException {
    if (style == ReplyStyle.EXTENDED) {
      wideStatus(cookie, offsetBytes, context, extents, flags);
    } else {
      narrowStatus(cookie, offsetBytes, context, extents, flags);
    }
  }

  private void wideStatus(
      long cookie, long offsetBytes, MetaContext context, StatusExtents extents, int flags)
      throws IOException {
    int payloadBytes = 2 * Integer.BYTES + extents.count() * 2 * Long.BYTES;
    makeRoom(MAX_HEADER_BYTES + payloadBytes);
    chunk(ReplyHeader.TYPE_BLOCK_STATUS_EXT, flags, cookie, offsetBytes, payloadBytes);
    pending.putInt(context.id()).putInt(extents.count());
    for (int i = 0; i < extents.count(); i++) {
      pending.putLong(extents.lengthBytes(i)).putLong(extents.status(i));
    }
  }

  /** Lengths fit: a compact request, and so the sum of its extents, is below 4 GiB. */
  private void narrowStatus(
      long cookie, long offsetBytes, MetaContext context, StatusExtents extents, int flags)
      throws IOException {
    int payloadBytes = Integer.BYTES + extents.count() * 2 * Integer.BYTES;
    makeRoom(MAX_HEADER_BYTES + payloadBytes);
    chunk(ReplyHeader.TYPE_BLOCK_STATUS, flags, cookie, offsetBytes, payloadBytes);
    pending.putInt(context.id());
    for (int i = 0; i < extents.count(); i++) {
      pending.putInt((int) extents.lengthBytes(i)).putInt(extents.status(i));
    }
  }

  private void simple(long cookie, int errno) {
    pending.putInt(ReplyHeader.SIMPLE_MAGIC).putInt(errno).putLong(cookie);
  }

  private void chunk(int type, int flags, long cookie, long offsetBytes, int payloadBytes) {
    boolean extended = style == ReplyStyle.EXTENDED;
    pending
        .putInt(extended ? ReplyHeader.EXTENDED_MAGIC : ReplyHeader.STRUCTURED_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie);
    if (extended) {
      pending.putLong(offsetBytes).putLong(payloadBytes);
    } else {
      pending.putInt(payloadBytes);
    }
  }

  private void makeRoom(int bytes) throws IOException {
    if (pending.remaining() < bytes) {
      flush();
    }
  }

  /** Sends what was gathered. */
  void flush() throws IOException {
    gathered = 0;
    if (pending.position() > 0) {
      output.send(pending.flip());
      pending.clear();
    }
  }
}
