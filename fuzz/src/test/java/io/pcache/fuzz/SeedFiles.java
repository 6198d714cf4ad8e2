package io.pcache.fuzz;

import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.MediaLayout;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionType;
import io.pcache.nbd.protocol.RequestHeader;
import io.pcache.testkit.GoldenImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Makes the inputs that fuzzing starts from: records and key sets as the kernel wrote them, and
 * handmade ones. Run by hand, with the corpus folder as argument, when the format of an input
 * changes.
 */
final class SeedFiles {
  private static final int KEY_SETS = 6;
  private final Path corpus;

  private SeedFiles(Path corpus) {
    this.corpus = corpus;
  }

  /** Writes them. */
  public static void main(String[] arguments) throws IOException {
    SeedFiles files = new SeedFiles(Path.of(arguments[0]));
    Path folder = Files.createTempDirectory("pcache-seeds");
    for (String name : new String[] {"dirty-crc", "gc-cycled"}) {
      files.addImage(name, GoldenImage.load(name).unpack(folder).cache());
    }
    files.addCaches();
    files.addClients();
  }

  private void keep(FuzzTarget target, String name, ByteBuffer bytes) throws IOException {
    Path folder = Files.createDirectories(target.corpus(corpus));
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    Files.write(folder.resolve(name + ".bin"), content);
  }

  private void addImage(String name, Path image) throws IOException {
    try (FileChannel channel = FileChannel.open(image);
        Arena arena = Arena.ofConfined()) {
      MemorySegment view = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long segment = MediaLayout.SEGMENTS_OFFSET;
      long[] offsets = {4096, 8192, segment, 16384, 16416, segment + 8192, 0, 1024};
      int[] sizes = {4096, 24, 16, 16, 16, 16, 1024, 1024};
      for (int i = 0; i < offsets.length; i++) {
        addRecord(name, view, i, offsets[i], Math.min(64, sizes[i]));
      }
      addKeySets(name, view);
    }
  }

  private void addRecord(String name, MemorySegment view, int kind, long offset, int size)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size + 2).put((byte) (kind | 0x80)).put((byte) 0);
    bytes.put(view.asSlice(offset, size).toArray(ValueLayout.JAVA_BYTE));
    keep(FuzzTarget.RECORDS, name + "-" + kind, bytes.flip());
  }

  private void addKeySets(String name, MemorySegment view) throws IOException {
    int found = 0;
    for (long at = MediaLayout.SEGMENTS_OFFSET;
        found < KEY_SETS && at < view.byteSize() - 8192;
        at += 8) {
      boolean valid =
          view.get(LittleEndian.U64, at + 8) == KeySetRecord.MAGIC
              && KeySetRecord.isValid(view, at, 8192);
      if (valid) {
        int keys =
            KeySetRecord.isLast(view, at)
                ? 0
                : Math.min(3, KeySetRecord.keyCountOrNextSegment(view, at));
        int size = KeySetRecord.sizeBytes(keys);
        ByteBuffer bytes = ByteBuffer.allocate(size + 3);
        bytes.put((byte) 1).putShort((short) 0x00F0);
        bytes.put(view.asSlice(at, size).toArray(ValueLayout.JAVA_BYTE));
        keep(FuzzTarget.KEYSET, name + "-" + found, bytes.flip());
        found++;
      }
    }
  }

  /** See {@link HostileCache} for what the bytes mean. */
  private void addCaches() throws IOException {
    String key = "0002000" + "10401000200000000";
    cache("empty", "00");
    cache(
        "one-key",
        "0001" + "0000" + "02" + "1000" + "20" + "0100" + "01" + "02" + "1000" + "02" + "00");
    cache(
        "keys-and-tails",
        "0000" + "0403" + "00" + key + key + key + "05" + "03" + "01" + "06" + "00" + key);
    cache("last-in-a-circle", "0000" + "0301" + "0302" + "0303" + "0300");
    cache("last-and-back", "0000" + "0302" + "00" + key + "0300" + "00" + key);
    cache("old-generation", "0000" + "0001" + key + "0702" + "0203" + "0405");
    cache("data-in-log", "0000" + "0003" + key + key + key + "0401" + "00000000" + "05");
    cache("raw-behind-log", "0001" + "0001" + key + "0a20" + "1af1641ea6946867".repeat(4));
    cache("chain", "0000" + "08" + "01" + "02" + "03" + "0900" + "0102");
    cache("bad-extents", "0000" + "0902" + "0200100020" + "0001" + key);
  }

  private void cache(String name, String hex) throws IOException {
    keep(FuzzTarget.RECOVERY, name, ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  private void addClients() throws IOException {
    keep(FuzzTarget.NBD, "nothing", ByteBuffer.wrap(new byte[] {0}));
    for (int type : new int[] {1, 2, 3, 5, 6, 7, 8, 9, 10, 11}) {
      ByteBuffer bytes = ByteBuffer.allocate(100).put((byte) 1);
      bytes.putLong(Handshake.OPTION_MAGIC).putInt(type);
      switch (type) {
        case OptionType.INFO, OptionType.GO ->
            bytes
                .putInt(12)
                .putInt(4)
                .put("disk".getBytes(StandardCharsets.UTF_8))
                .putShort((short) 1)
                .putShort((short) 3);
        case OptionType.SET_META_CONTEXT, OptionType.LIST_META_CONTEXT ->
            bytes
                .putInt(31)
                .putInt(4)
                .put("disk".getBytes(StandardCharsets.UTF_8))
                .putInt(1)
                .putInt(15)
                .put("base:allocation".getBytes(StandardCharsets.UTF_8));
        case OptionType.EXPORT_NAME -> bytes.putInt(4).put("disk".getBytes(StandardCharsets.UTF_8));
        default -> bytes.putInt(0);
      }
      keep(FuzzTarget.NBD, "option-" + type, bytes.flip());
    }
    for (int command = Command.READ; command <= Command.BLOCK_STATUS; command++) {
      for (int style = 2; style <= 4; style++) {
        keep(FuzzTarget.NBD, "command-" + command + "-" + style, request(style, command));
      }
    }
  }

  private static ByteBuffer request(int style, int command) {
    boolean extended = style == 4;
    ByteBuffer bytes = ByteBuffer.allocate(700).put((byte) style);
    bytes.putInt(extended ? RequestHeader.EXTENDED_MAGIC : RequestHeader.COMPACT_MAGIC);
    bytes.putShort((short) (extended && command == Command.WRITE ? 1 << 5 : 0));
    bytes.putShort((short) command).putLong(command).putLong(4096);
    if (extended) {
      bytes.putLong(512);
    } else {
      bytes.putInt(512);
    }
    if (command == Command.WRITE) {
      bytes.put(new byte[512]);
    }
    return bytes.flip();
  }
}
