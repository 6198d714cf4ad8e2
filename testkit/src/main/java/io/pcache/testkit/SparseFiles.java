package io.pcache.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Makes device images as sparse files: what is zero takes no room, so that a test's many copies
 * stay cheap.
 */
public final class SparseFiles {
  private static final int BLOCK_BYTES = 1 << 16;
  private static final byte[] ZEROES = new byte[BLOCK_BYTES];

  private SparseFiles() {}

  /** Makes a new file of zeroes. */
  public static Path create(Path file, long sizeBytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      extend(channel, sizeBytes);
    }
    return file;
  }

  /** Copies a file to a new one. */
  public static Path copy(Path from, Path to) throws IOException {
    try (InputStream in = Files.newInputStream(from)) {
      return copy(in, to);
    }
  }

  /** Copies everything from a stream to a new file. */
  public static Path copy(InputStream from, Path to) throws IOException {
    byte[] block = new byte[BLOCK_BYTES];
    try (FileChannel channel =
        FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long at = 0;
      for (int n = from.readNBytes(block, 0, BLOCK_BYTES);
          n > 0;
          n = from.readNBytes(block, 0, BLOCK_BYTES)) {
        if (!Arrays.equals(block, 0, n, ZEROES, 0, n)) {
          writeFully(channel, ByteBuffer.wrap(block, 0, n), at);
        }
        at += n;
      }
      extend(channel, at);
    }
    return to;
  }

  private static void extend(FileChannel channel, long sizeBytes) throws IOException {
    if (channel.size() < sizeBytes) {
      writeFully(channel, ByteBuffer.allocate(1), sizeBytes - 1);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long offset)
      throws IOException {
    long at = offset;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
