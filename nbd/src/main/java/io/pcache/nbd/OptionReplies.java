package io.pcache.nbd;

import io.pcache.nbd.protocol.Handshake;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Collects what the server says in the handshake and sends it in one piece. Used by the handshake's
 * thread.
 */
final class OptionReplies {
  private static final byte[] NOTHING = {};

  private final SocketOutput output;
  private static final int FIRST_BYTES = 1 << 10;

  private ByteBuffer pending = ByteBuffer.allocate(FIRST_BYTES);

  OptionReplies(SocketOutput output) {
    this.output = output;
  }

  /** The bytes behind which the caller may put up to that many. */
  ByteBuffer room(int bytes) throws IOException {
    if (pending.remaining() < bytes) {
      flush();
    }
    if (pending.capacity() < bytes) {
      pending = ByteBuffer.allocate(bytes);
    }
    return pending;
  }

  void reply(int option, int type) throws IOException {
    reply(option, type, NOTHING);
  }

  void reply(int option, int type, String text) throws IOException {
    reply(option, type, text.getBytes(StandardCharsets.UTF_8));
  }

  void reply(int option, int type, byte[] data) throws IOException {
    room(Handshake.REPLY_HEADER_BYTES + data.length)
        .putLong(Handshake.REPLY_MAGIC)
        .putInt(option)
        .putInt(type)
        .putInt(data.length)
        .put(data);
  }

  void flush() throws IOException {
    if (pending.position() > 0) {
      output.send(pending.flip());
      pending.clear();
    }
  }
}
