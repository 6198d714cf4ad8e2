package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionReply;
import io.pcache.nbd.protocol.OptionType;
import io.pcache.nbd.protocol.ReplyHeader;
import io.pcache.nbd.protocol.RequestHeader;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A client that does what it is told, right or wrong, and checks what every answer must look like.
 */
final class RawClient implements AutoCloseable {
  private final SocketChannel channel;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final Map<Long, Long> requestedOffsets = new HashMap<>();
  private final Map<Long, List<Chunk>> unfinished = new HashMap<>();
  private ReplyStyle style = ReplyStyle.SIMPLE;

  record OptionAnswer(int option, int type, byte[] data) {
    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }

    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }
  }

  record Chunk(int flags, int type, long cookie, long offset, byte[] payload) {}

  record Extent(int context, long lengthBytes, long status) {}

  record Reply(long cookie, int errno, String message, byte[] data, List<Extent> extents) {}

  private RawClient(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
    this.out = new DataOutputStream(Channels.newOutputStream(channel));
  }

  static RawClient connect(ListenAddress address) throws IOException {
    return new RawClient(
        SocketChannel.open(
            switch (address) {
              case ListenAddress.Unix(var path) -> UnixDomainSocketAddress.of(path);
              case ListenAddress.Tcp(var host, var port) -> new InetSocketAddress(host, port);
            }));
  }

  /** Connects and goes through a handshake to transmission. */
  static RawClient start(ListenAddress address, ReplyStyle style, String... contexts)
      throws IOException {
    RawClient client = connect(address);
    client.greet(Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES);
    client.agreeOn(style);
    if (contexts.length > 0) {
      client.option(OptionType.SET_META_CONTEXT, contextQuery("", contexts));
      assertThat(client.answersUntilLast()).hasSize(contexts.length + 1);
    }
    client.go("");
    return client;
  }

  void greet(int clientFlags) throws IOException {
    assertThat(in.readLong()).isEqualTo(Handshake.NBD_MAGIC);
    assertThat(in.readLong()).isEqualTo(Handshake.OPTION_MAGIC);
    assertThat(in.readUnsignedShort()).isEqualTo(3);
    send(ByteBuffer.allocate(4).putInt(clientFlags).array());
  }

  void agreeOn(ReplyStyle wanted) throws IOException {
    if (wanted != ReplyStyle.SIMPLE) {
      boolean extended = wanted == ReplyStyle.EXTENDED;
      option(extended ? OptionType.EXTENDED_HEADERS : OptionType.STRUCTURED_REPLY);
      assertThat(answer().type()).isEqualTo(OptionReply.ACK);
    }
    style = wanted;
  }

  List<OptionAnswer> go(String name) throws IOException {
    option(OptionType.GO, infoQuery(name));
    List<OptionAnswer> answers = answersUntilLast();
    assertThat(answers.getLast().type()).isEqualTo(OptionReply.ACK);
    return answers;
  }

  static byte[] infoQuery(String name, int... types) {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + nameBytes.length + 2 + 2 * types.length);
    data.putInt(nameBytes.length).put(nameBytes).putShort((short) types.length);
    for (int type : types) {
      data.putShort((short) type);
    }
    return data.array();
  }

  static byte[] contextQuery(String exportName, String... queries) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(lengthAndText(exportName));
    data.writeBytes(ByteBuffer.allocate(4).putInt(queries.length).array());
    for (String query : queries) {
      data.writeBytes(lengthAndText(query));
    }
    return data.toByteArray();
  }

  private static byte[] lengthAndText(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array();
  }

  void option(int type, byte... data) throws IOException {
    send(optionBytes(type, data));
  }

  static byte[] optionBytes(int type, byte... data) {
    return ByteBuffer.allocate(Handshake.OPTION_HEADER_BYTES + data.length)
        .putLong(Handshake.OPTION_MAGIC)
        .putInt(type)
        .putInt(data.length)
        .put(data)
        .array();
  }

  OptionAnswer answer() throws IOException {
    assertThat(in.readLong()).isEqualTo(Handshake.REPLY_MAGIC);
    return new OptionAnswer(in.readInt(), in.readInt(), exactly(in.readInt()));
  }

  List<OptionAnswer> answersUntilLast() throws IOException {
    List<OptionAnswer> answers = new ArrayList<>();
    do {
      answers.add(answer());
    } while (answers.getLast().type() != OptionReply.ACK && answers.getLast().type() > 0);
    return answers;
  }

  byte[] exactly(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("the server sent " + bytes.length + " of " + count + " bytes");
    }
    return bytes;
  }

  void send(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  void request(int flags, int type, long cookie, long offset, long length) throws IOException {
    requestedOffsets.put(cookie, offset);
    send(requestBytes(style, flags, type, cookie, offset, length));
  }

  static byte[] requestBytes(
      ReplyStyle style, int flags, int type, long cookie, long offset, long length) {
    boolean extended = style == ReplyStyle.EXTENDED;
    ByteBuffer header =
        ByteBuffer.allocate(extended ? RequestHeader.EXTENDED_BYTES : RequestHeader.COMPACT_BYTES);
    header
        .putInt(extended ? RequestHeader.EXTENDED_MAGIC : RequestHeader.COMPACT_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offset);
    return (extended ? header.putLong(length) : header.putInt((int) length)).array();
  }

  void write(int flags, long cookie, long offset, byte[] data) throws IOException {
    int payloadFlag = style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
    request(flags | payloadFlag, Command.WRITE, cookie, offset, data.length);
    send(data);
  }

  /**
   * The next complete reply. With simple replies the caller has to know how much data a success
   * brings.
   */
  Reply reply(int dataBytes) throws IOException {
    return style == ReplyStyle.SIMPLE ? simple(in.readInt(), dataBytes) : chunked();
  }

  private Reply simple(int magic, int dataBytes) throws IOException {
    assertThat(magic).isEqualTo(ReplyHeader.SIMPLE_MAGIC);
    int errno = in.readInt();
    long cookie = in.readLong();
    byte[] data = errno == 0 ? exactly(dataBytes) : new byte[0];
    return new Reply(cookie, errno, "", data, List.of());
  }

  private Reply chunked() throws IOException {
    while (true) {
      int magic = in.readInt();
      if (magic == ReplyHeader.SIMPLE_MAGIC) {
        assertThat(style).isEqualTo(ReplyStyle.STRUCTURED);
        return simple(magic, 0);
      }
      Chunk chunk = chunk(magic);
      unfinished.computeIfAbsent(chunk.cookie(), c -> new ArrayList<>()).add(chunk);
      if ((chunk.flags() & ReplyHeader.FLAG_DONE) != 0) {
        return assemble(chunk.cookie(), unfinished.remove(chunk.cookie()));
      }
    }
  }

  private Chunk chunk(int magic) throws IOException {
    boolean extended = style == ReplyStyle.EXTENDED;
    assertThat(magic)
        .isEqualTo(extended ? ReplyHeader.EXTENDED_MAGIC : ReplyHeader.STRUCTURED_MAGIC);
    int flags = in.readUnsignedShort();
    int type = in.readUnsignedShort();
    long cookie = in.readLong();
    long offset = extended ? in.readLong() : -1;
    long length = extended ? in.readLong() : in.readInt();
    if (extended && requestedOffsets.containsKey(cookie)) {
      assertThat(offset)
          .as("offset in a reply to %d", cookie)
          .isEqualTo(requestedOffsets.get(cookie));
    }
    return new Chunk(flags, type, cookie, offset, exactly(Math.toIntExact(length)));
  }

  private Reply assemble(long cookie, List<Chunk> chunks) {
    int errno = 0;
    String message = "";
    byte[] data = new byte[0];
    List<Extent> extents = new ArrayList<>();
    for (Chunk chunk : chunks) {
      ByteBuffer payload = ByteBuffer.wrap(chunk.payload());
      switch (chunk.type()) {
        case ReplyHeader.TYPE_NONE -> assertThat(chunk.payload()).isEmpty();
        case ReplyHeader.TYPE_OFFSET_DATA -> {
          long offset = payload.getLong();
          assertThat(style == ReplyStyle.EXTENDED ? chunk.offset() : offset).isEqualTo(offset);
          data = rest(payload);
        }
        case ReplyHeader.TYPE_BLOCK_STATUS -> narrowExtents(payload, extents);
        case ReplyHeader.TYPE_BLOCK_STATUS_EXT -> wideExtents(payload, extents);
        case ReplyHeader.TYPE_ERROR -> {
          errno = payload.getInt();
          byte[] text = new byte[payload.getShort()];
          payload.get(text);
          message = new String(text, StandardCharsets.UTF_8);
          assertThat(payload.hasRemaining()).isFalse();
        }
        default -> throw new AssertionError("chunk type " + chunk.type());
      }
    }
    return new Reply(cookie, errno, message, data, extents);
  }

  private void narrowExtents(ByteBuffer payload, List<Extent> extents) {
    assertThat(style).isEqualTo(ReplyStyle.STRUCTURED);
    int context = payload.getInt();
    while (payload.hasRemaining()) {
      extents.add(new Extent(context, Integer.toUnsignedLong(payload.getInt()), payload.getInt()));
    }
  }

  private void wideExtents(ByteBuffer payload, List<Extent> extents) {
    assertThat(style).isEqualTo(ReplyStyle.EXTENDED);
    int context = payload.getInt();
    int count = payload.getInt();
    assertThat(payload.remaining()).isEqualTo(16 * count);
    while (payload.hasRemaining()) {
      extents.add(new Extent(context, payload.getLong(), payload.getLong()));
    }
  }

  private static byte[] rest(ByteBuffer payload) {
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    return bytes;
  }

  Reply carryOut(int flags, int type, long offset, long length) throws IOException {
    request(flags, type, 77, offset, length);
    return reply(type == Command.READ ? (int) length : 0);
  }

  int writeAndAwait(int flags, long offset, byte[] data) throws IOException {
    write(flags, 78, offset, data);
    return reply(0).errno();
  }

  byte[] read(long offset, int length) throws IOException {
    Reply reply = carryOut(0, Command.READ, offset, length);
    assertThat(reply.errno()).isZero();
    return reply.data();
  }

  /** Whether the server has closed the connection, after whatever else it sent. */
  boolean seesEnd() {
    try {
      long unused = in.skip(Long.MAX_VALUE);
      while (in.read() >= 0) {
        unused += in.skip(Long.MAX_VALUE);
      }
      return true;
    } catch (IOException e) {
      // A reset is an end, too: the server closed with bytes of ours unread.
      return true;
    }
  }

  SocketChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
