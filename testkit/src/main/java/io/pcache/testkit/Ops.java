package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A list of operations on a device, in the language that the kernel runner plays: one a line,
 * offsets and lengths in bytes.
 *
 * @param list the operations in order
 */
public record Ops(List<Op> list) {
  private static final int FUA_ONE_IN = 10;
  private static final int READ_ONE_IN = 8;

  /** Keeps an unmodifiable copy. */
  public Ops {
    list = List.copyOf(list);
  }

  /** Reads a file of operations; the caller closes the stream. */
  public static Ops read(InputStream in) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
    return new Ops(lines.lines().filter(line -> !line.isBlank()).map(Op::parse).toList());
  }

  /** Writes them to a file. */
  public void write(Path file) throws IOException {
    Files.write(file, list.stream().map(Op::toString).toList(), StandardCharsets.US_ASCII);
  }

  /**
   * Random writes, some with FUA, and reads, ended by a flush.
   *
   * @param count how many
   * @param deviceBytes size of the device
   * @param maxBytes the longest; lengths are spread evenly over the powers of two up to it
   * @param firstId id of the first write; they count up from there
   */
  public static Ops random(
      RandomGenerator random, int count, long deviceBytes, int maxBytes, int firstId) {
    List<Op> ops = new ArrayList<>();
    int id = firstId;
    for (int i = 0; i < count; i++) {
      long length = randomLength(random, maxBytes);
      long sectors = (deviceBytes - length) / BlockDevice.SECTOR_BYTES;
      long offset = random.nextLong(sectors + 1) * BlockDevice.SECTOR_BYTES;
      if (random.nextInt(READ_ONE_IN) == 0) {
        ops.add(Op.read(offset, length));
      } else if (random.nextInt(FUA_ONE_IN) == 0) {
        ops.add(Op.fuaWrite(offset, length, id++));
      } else {
        ops.add(Op.write(offset, length, id++));
      }
    }
    ops.add(Op.flush());
    return new Ops(ops);
  }

  private static long randomLength(RandomGenerator random, int maxBytes) {
    int maxSectors = maxBytes / BlockDevice.SECTOR_BYTES;
    int doublings = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(maxSectors);
    int upTo = Math.min(maxSectors, 1 << random.nextInt(doublings + 1));
    return (1L + random.nextInt(upTo)) * BlockDevice.SECTOR_BYTES;
  }

  /**
   * Carries them out on a device, in order, one at a time; pauses are skipped and reads thrown
   * away.
   */
  public void play(BlockingDevice device) {
    for (Op op : list) {
      switch (op.kind()) {
        case WRITE -> device.write(op.offsetBytes(), op.lengthBytes(), op.id());
        case FUA_WRITE -> device.writeDurably(op.offsetBytes(), op.lengthBytes(), op.id());
        case READ -> device.readAndForget(op.offsetBytes(), op.lengthBytes());
        case FLUSH -> device.flush();
        case SLEEP -> {}
      }
    }
  }
}
