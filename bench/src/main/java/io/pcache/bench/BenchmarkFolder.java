package io.pcache.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder for the files of one benchmark, in memory where the system offers that; deleted with all
 * it holds at the end. Not thread-safe.
 */
final class BenchmarkFolder implements AutoCloseable {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** What the largest benchmark needs, and some air. */
  private static final long NEEDED_BYTES = 2L << 30;

  private static final int CHUNK_BYTES = 1 << 20;

  private final Path folder;

  private BenchmarkFolder(Path folder) {
    this.folder = folder;
  }

  /** A folder in {@link #place()}. */
  static BenchmarkFolder create() throws IOException {
    return createIn(place());
  }

  /** A folder where the caller wants it. */
  static BenchmarkFolder createIn(Path place) throws IOException {
    return new BenchmarkFolder(Files.createTempDirectory(place, "pcache-bench"));
  }

  /** Where the folders are made: a roomy tmpfs, or else the folder for temporary files. */
  static Path place() throws IOException {
    if (Files.isWritable(SHARED_MEMORY)) {
      FileStore store = Files.getFileStore(SHARED_MEMORY);
      if (store.type().equals("tmpfs") && store.getUsableSpace() >= NEEDED_BYTES) {
        return SHARED_MEMORY;
      }
    }
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /** A file's path; nothing is created. */
  Path file(String name) {
    return folder.resolve(name);
  }

  /** A new file of zeroes that takes no room yet. */
  Path sparseFile(String name, long sizeBytes) throws IOException {
    Path path = file(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return path;
  }

  /**
   * A new file of zeroes that has all its room, so that nobody has to find memory for it while
   * something is measured.
   */
  Path zeroFile(String name, long sizeBytes) throws IOException {
    Path path = file(name);
    ByteBuffer zeroes = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long left = sizeBytes; left > 0; ) {
        zeroes.clear().limit((int) Math.min(CHUNK_BYTES, left));
        left -= channel.write(zeroes);
      }
    }
    return path;
  }

  @Override
  public void close() throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> found = Files.walk(folder)) {
      deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
