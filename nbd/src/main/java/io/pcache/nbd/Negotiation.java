package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.InfoType;
import io.pcache.nbd.protocol.OptionReply;
import io.pcache.nbd.protocol.OptionType;
import io.pcache.nbd.protocol.TransmissionFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of one connection, up to transmission. Lengths are checked before anything is kept;
 * the largest option that is looked at has 64 KiB.
 *
 * <p>Thread-safety: none; used by the handshake's thread.
 */
final class Negotiation {
  private static final int MAX_OPTION_BYTES = 1 << 16;

  /** What is longer than this is not even skipped. */
  private static final int MAX_SKIPPED_BYTES = 1 << 24;

  /** A client that needs more does not mean to start. */
  private static final int MAX_OPTIONS = 1000;

  private static final Magic OPTION = new Magic("an option", Handshake.OPTION_MAGIC, Long.BYTES);

  private static final int PREFERRED_BLOCK_BYTES = 4096;

  private final Exports exports;
  private final SocketInput input;
  private final OptionReplies replies;
  private final BooleanSupplier shuttingDown;

  private boolean fixed;
  private boolean paddingWanted;
  private ReplyStyle style = ReplyStyle.SIMPLE;
  private Set<MetaContext> contexts = EnumSet.noneOf(MetaContext.class);
  private String contextsExport = "";
  private @Nullable Export chosen;
  private boolean over;

  Negotiation(
      Exports exports, SocketInput input, OptionReplies replies, BooleanSupplier shuttingDown) {
    this.exports = exports;
    this.input = input;
    this.replies = replies;
    this.shuttingDown = shuttingDown;
  }

  /** Talks until the client starts (what was agreed) or leaves in order (null). */
  @Nullable Negotiated run() throws IOException, ProtocolViolation {
    greet();
    if (!readClientFlags()) {
      return null;
    }
    for (int count = 0; !over && awaitOption(); count++) {
      if (count == MAX_OPTIONS) {
        throw new ProtocolViolation("more than " + MAX_OPTIONS + " options");
      }
      option();
      replies.flush();
    }
    Export export = chosen;
    return export == null ? null : new Negotiated(export, style, contexts);
  }

  private void greet() throws IOException {
    replies
        .room(Handshake.GREETING_BYTES)
        .putLong(Handshake.NBD_MAGIC)
        .putLong(Handshake.OPTION_MAGIC)
        .putShort((short) (Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES));
    replies.flush();
  }

  private boolean readClientFlags() throws IOException, ProtocolViolation {
    if (!input.awaitMessage(Handshake.CLIENT_FLAGS_BYTES, Negotiation::checkClientFlags)) {
      return false;
    }
    checkClientFlags(input.received());
    int flags = input.received().getInt();
    fixed = (flags & Handshake.FLAG_FIXED_NEWSTYLE) != 0;
    paddingWanted = (flags & Handshake.FLAG_NO_ZEROES) == 0;
    return true;
  }

  private static void checkClientFlags(ByteBuffer received) throws ProtocolViolation {
    int flags = (int) Magic.start(received, Handshake.CLIENT_FLAGS_BYTES);
    if ((flags & ~(Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES)) != 0) {
      throw new ProtocolViolation(
          "client flags 0x" + Integer.toHexString(flags) + " hold unknown ones");
    }
  }

  private boolean awaitOption() throws IOException, ProtocolViolation {
    return input.awaitMessage(Handshake.OPTION_HEADER_BYTES, this::checkOption);
  }

  /** What has come of an option's header. */
  private void checkOption(ByteBuffer received) throws ProtocolViolation {
    OPTION.check(received);
    if (received.remaining() < OPTION.bytes() + Integer.BYTES) {
      return;
    }
    int option = received.getInt(received.position() + OPTION.bytes());
    if (!fixed && option != OptionType.EXPORT_NAME) {
      throw new ProtocolViolation("option " + option + " without fixed newstyle");
    }
    if (style == ReplyStyle.EXTENDED && option == OptionType.EXPORT_NAME) {
      throw new ProtocolViolation("NBD_OPT_EXPORT_NAME after extended headers");
    }
  }

  private void option() throws IOException, ProtocolViolation {
    ByteBuffer header = input.received();
    checkOption(header);
    header.position(header.position() + OPTION.bytes());
    int option = header.getInt();
    long lengthBytes = Integer.toUnsignedLong(header.getInt());
    if (option == OptionType.EXPORT_NAME && lengthBytes > Handshake.MAX_STRING_BYTES) {
      throw new ProtocolViolation(
          "NBD_OPT_EXPORT_NAME has %d bytes, expected at most %d"
              .formatted(lengthBytes, Handshake.MAX_STRING_BYTES));
    }
    if (lengthBytes > MAX_OPTION_BYTES) {
      skipTooBig(option, lengthBytes);
    } else {
      answer(option, take((int) lengthBytes));
    }
  }

  private void skipTooBig(int option, long lengthBytes) throws IOException, ProtocolViolation {
    if (lengthBytes > MAX_SKIPPED_BYTES) {
      throw new ProtocolViolation("option " + option + " has " + lengthBytes + " bytes");
    }
    input.skip(lengthBytes);
    replies.reply(option, OptionReply.ERR_TOO_BIG, "the option has more than 65536 bytes");
  }

  private OptionData take(int lengthBytes) throws IOException {
    input.await(lengthBytes);
    ByteBuffer received = input.received();
    OptionData data = new OptionData(received.slice(received.position(), lengthBytes));
    received.position(received.position() + lengthBytes);
    return data;
  }

  private void answer(int option, OptionData data) throws IOException, ProtocolViolation {
    if (option == OptionType.EXPORT_NAME) {
      exportName(data);
      return;
    }
    try {
      answerOrReject(option, data);
    } catch (OptionRejected e) {
      replies.reply(option, e.replyType(), String.valueOf(e.getMessage()));
    }
  }

  private void answerOrReject(int option, OptionData data) throws IOException, OptionRejected {
    if (shuttingDown.getAsBoolean() && option != OptionType.ABORT) {
      throw new OptionRejected(OptionReply.ERR_SHUTDOWN, "the server is shutting down");
    }
    switch (option) {
      case OptionType.ABORT -> abort();
      case OptionType.LIST -> list(data);
      case OptionType.INFO, OptionType.GO -> info(option, data);
      case OptionType.STRUCTURED_REPLY -> structuredReply(data);
      case OptionType.LIST_META_CONTEXT -> listMetaContext(data);
      case OptionType.SET_META_CONTEXT -> setMetaContext(data);
      case OptionType.EXTENDED_HEADERS -> extendedHeaders(data);
      default ->
          throw new OptionRejected(OptionReply.ERR_UNSUP, "this server does not offer that option");
    }
  }

  private void abort() throws IOException {
    replies.reply(OptionType.ABORT, OptionReply.ACK);
    over = true;
  }

  /** The one option without an error reply: what cannot be served ends the connection. */
  private void exportName(OptionData data) throws IOException, ProtocolViolation {
    Export export = findByRest(data);
    if (export == null) {
      throw new ProtocolViolation("NBD_OPT_EXPORT_NAME asks for an export that does not exist");
    }
    forgetContextsUnlessFor(export);
    int padding = paddingWanted ? Handshake.EXPORT_NAME_PADDING_BYTES : 0;
    replies
        .room(Long.BYTES + Short.BYTES + padding)
        .putLong(export.device().sizeBytes())
        .putShort((short) transmissionFlags())
        .put(new byte[padding]);
    start(export);
  }

  private @Nullable Export findByRest(OptionData data) throws ProtocolViolation {
    try {
      return exports.find(data.rest());
    } catch (OptionRejected e) {
      throw new ProtocolViolation("NBD_OPT_EXPORT_NAME: " + e.getMessage());
    }
  }

  private void start(Export export) {
    chosen = export;
    over = true;
  }

  private int transmissionFlags() {
    int flags =
        TransmissionFlag.HAS_FLAGS
            | TransmissionFlag.SEND_FLUSH
            | TransmissionFlag.SEND_FUA
            | TransmissionFlag.SEND_WRITE_ZEROES
            | TransmissionFlag.SEND_CACHE
            | TransmissionFlag.CAN_MULTI_CONN;
    return style == ReplyStyle.SIMPLE ? flags : flags | TransmissionFlag.SEND_DF;
  }

  private void list(OptionData data) throws IOException, OptionRejected {
    data.requireEnd();
    for (Export export : exports.all()) {
      byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
      byte[] entry =
          ByteBuffer.allocate(Integer.BYTES + name.length).putInt(name.length).put(name).array();
      replies.reply(OptionType.LIST, OptionReply.SERVER, entry);
    }
    replies.reply(OptionType.LIST, OptionReply.ACK);
  }

  private void info(int option, OptionData data) throws IOException, OptionRejected {
    String name = data.string();
    boolean nameAsked = false;
    boolean descriptionAsked = false;
    for (int left = data.u16(); left > 0; left--) {
      int type = data.u16();
      nameAsked |= type == InfoType.NAME;
      descriptionAsked |= type == InfoType.DESCRIPTION;
    }
    data.requireEnd();
    Export export = require(name);
    describe(option, export);
    if (nameAsked) {
      describeText(option, InfoType.NAME, export.name());
    }
    if (descriptionAsked) {
      describeText(option, InfoType.DESCRIPTION, "pcache cached block device");
    }
    replies.reply(option, OptionReply.ACK);
    if (option == OptionType.GO) {
      forgetContextsUnlessFor(export);
      start(export);
    }
  }

  private Export require(String name) throws OptionRejected {
    Export export = exports.find(name);
    if (export == null) {
      throw new OptionRejected(OptionReply.ERR_UNKNOWN, "no export has that name");
    }
    return export;
  }

  /** Contexts were chosen for one export; for another they do not count. */
  private void forgetContextsUnlessFor(Export export) {
    if (!contextsExport.equals(export.name())) {
      contexts = EnumSet.noneOf(MetaContext.class);
    }
  }

  private void describe(int option, Export export) throws IOException {
    byte[] facts =
        ByteBuffer.allocate(Short.BYTES + Long.BYTES + Short.BYTES)
            .putShort((short) InfoType.EXPORT)
            .putLong(export.device().sizeBytes())
            .putShort((short) transmissionFlags())
            .array();
    replies.reply(option, OptionReply.INFO, facts);
    byte[] sizes =
        ByteBuffer.allocate(Short.BYTES + 3 * Integer.BYTES)
            .putShort((short) InfoType.BLOCK_SIZE)
            .putInt(BlockDevice.SECTOR_BYTES)
            .putInt(PREFERRED_BLOCK_BYTES)
            .putInt(NbdServerOptions.MAX_PAYLOAD_BYTES)
            .array();
    replies.reply(option, OptionReply.INFO, sizes);
  }

  private void describeText(int option, int type, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] fact =
        ByteBuffer.allocate(Short.BYTES + bytes.length).putShort((short) type).put(bytes).array();
    replies.reply(option, OptionReply.INFO, fact);
  }

  private void structuredReply(OptionData data) throws IOException, OptionRejected {
    data.requireEnd();
    switch (style) {
      case SIMPLE -> style = ReplyStyle.STRUCTURED;
      case STRUCTURED ->
          throw new OptionRejected(
              OptionReply.ERR_INVALID, "structured replies are already in use");
      case EXTENDED ->
          throw new OptionRejected(
              OptionReply.ERR_EXT_HEADER_REQD, "extended headers are already in use");
    }
    replies.reply(OptionType.STRUCTURED_REPLY, OptionReply.ACK);
  }

  private void extendedHeaders(OptionData data) throws IOException, OptionRejected {
    data.requireEnd();
    if (style == ReplyStyle.EXTENDED) {
      throw new OptionRejected(OptionReply.ERR_INVALID, "extended headers are already in use");
    }
    style = ReplyStyle.EXTENDED;
    replies.reply(OptionType.EXTENDED_HEADERS, OptionReply.ACK);
  }

  private void requireChunks() throws OptionRejected {
    if (style == ReplyStyle.SIMPLE) {
      throw new OptionRejected(
          OptionReply.ERR_INVALID, "metadata contexts need structured replies first");
    }
  }

  private void listMetaContext(OptionData data) throws IOException, OptionRejected {
    requireChunks();
    Export unused = require(data.string());
    List<String> queries = queries(data);
    for (MetaContext context : MetaContext.values()) {
      if (queries.isEmpty() || queries.stream().anyMatch(context::isListedBy)) {
        replyContext(OptionType.LIST_META_CONTEXT, 0, context);
      }
    }
    replies.reply(OptionType.LIST_META_CONTEXT, OptionReply.ACK);
  }

  private void setMetaContext(OptionData data) throws IOException, OptionRejected {
    contexts = EnumSet.noneOf(MetaContext.class);
    requireChunks();
    Export export = require(data.string());
    List<String> queries = queries(data);
    for (MetaContext context : MetaContext.values()) {
      if (queries.stream().anyMatch(context::isNamed)) {
        boolean unused = contexts.add(context);
        replyContext(OptionType.SET_META_CONTEXT, context.id(), context);
      }
    }
    contextsExport = export.name();
    replies.reply(OptionType.SET_META_CONTEXT, OptionReply.ACK);
  }

  private static List<String> queries(OptionData data) throws OptionRejected {
    String[] queries = new String[data.count(Integer.BYTES)];
    for (int i = 0; i < queries.length; i++) {
      queries[i] = data.string();
    }
    data.requireEnd();
    return List.of(queries);
  }

  private void replyContext(int option, int id, MetaContext context) throws IOException {
    byte[] name = context.wireName();
    byte[] entry = ByteBuffer.allocate(Integer.BYTES + name.length).putInt(id).put(name).array();
    replies.reply(option, OptionReply.META_CONTEXT, entry);
  }
}
