package io.pcache.nbd;

import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionReply;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the data of one option, and rejects what is malformed. */
final class OptionData {
  private final ByteBuffer data;

  /**
   * @param data position 0 to the option's length
   */
  OptionData(ByteBuffer data) {
    this.data = data;
  }

  int u16() throws OptionRejected {
    need(Short.BYTES);
    return Short.toUnsignedInt(data.getShort());
  }

  /** A u32 that counts things in this data, so that it is never above the data's length. */
  int count(int bytesEach) throws OptionRejected {
    need(Integer.BYTES);
    int count = data.getInt();
    if (count < 0 || (long) count * bytesEach > data.remaining()) {
      throw malformed();
    }
    return count;
  }

  /** A string behind its u32 length. */
  String string() throws OptionRejected {
    return text(count(1));
  }

  /** Everything that is left, as a string. */
  String rest() throws OptionRejected {
    return text(data.remaining());
  }

  private String text(int lengthBytes) throws OptionRejected {
    if (lengthBytes > Handshake.MAX_STRING_BYTES) {
      throw new OptionRejected(OptionReply.ERR_TOO_BIG, "a string has more than 4096 bytes");
    }
    ByteBuffer bytes = data.slice(data.position(), lengthBytes);
    data.position(data.position() + lengthBytes);
    try {
      return requireNoNul(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
    } catch (CharacterCodingException e) {
      throw new OptionRejected(OptionReply.ERR_INVALID, "a string is not UTF-8");
    }
  }

  private static String requireNoNul(String text) throws OptionRejected {
    if (text.indexOf('\0') >= 0) {
      throw new OptionRejected(OptionReply.ERR_INVALID, "a string contains NUL");
    }
    return text;
  }

  void requireEnd() throws OptionRejected {
    if (data.hasRemaining()) {
      throw new OptionRejected(OptionReply.ERR_INVALID, "the option has more data than expected");
    }
  }

  private void need(int bytes) throws OptionRejected {
    if (data.remaining() < bytes) {
      throw malformed();
    }
  }

  private static OptionRejected malformed() {
    return new OptionRejected(
        OptionReply.ERR_INVALID, "the option has less data than its own lengths say");
  }
}
