package io.pcache.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * A large piece of memory of which only what is written takes room: a mapped sparse file without a
 * name.
 *
 * <p>Thread-safety: none.
 */
final class CrashMemory {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private static final ArrayBlockingQueue<CrashMemory> IDLE = new ArrayBlockingQueue<>(1);

  private final Arena arena;
  private final MemorySegment bytes;
  private final BitSet touchedChunks = new BitSet();
  private boolean released;

  private CrashMemory(Arena arena, MemorySegment bytes) {
    this.arena = arena;
    this.bytes = bytes;
  }

  /**
   * Memory of zeroes. What a test gave up is used again: pages that are there already cost nothing.
   */
  static CrashMemory ofSize(long sizeBytes) {
    CrashMemory idle = IDLE.poll();
    if (idle != null && idle.bytes.byteSize() == sizeBytes) {
      return idle;
    }
    if (idle != null) {
      idle.arena.close();
    }
    Arena arena = Arena.ofShared();
    return new CrashMemory(arena, map(sizeBytes, arena));
  }

  private static MemorySegment map(long sizeBytes, Arena arena) {
    try {
      Path file =
          Files.isWritable(SHARED_MEMORY)
              ? temporaryFile(SHARED_MEMORY)
              : Files.createTempFile("pcache", null);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes, arena);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "no memory for a simulated device of " + sizeBytes + " bytes", e);
    }
  }

  private static Path temporaryFile(Path folder) throws IOException {
    return Files.createTempFile(folder, "pcache", null);
  }

  MemorySegment bytes() {
    return bytes;
  }

  /** Takes note that a range may hold something. */
  void touch(long offsetBytes, long lengthBytes) {
    if (lengthBytes > 0) {
      int first = (int) (offsetBytes / CHUNK_BYTES);
      touchedChunks.set(first, (int) ((offsetBytes + lengthBytes - 1) / CHUNK_BYTES) + 1);
    }
  }

  CrashMemory copy() {
    CrashMemory copy = ofSize(bytes.byteSize());
    touchedChunks.stream()
        .forEach(chunk ->
            MemorySegment.copy(bytes, start(chunk), copy.bytes, start(chunk), length(chunk)));
    copy.touchedChunks.or(touchedChunks);
    return copy;
  }

  void load(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      byte[] block = new byte[CHUNK_BYTES];
      for (int chunk = 0; start(chunk) < bytes.byteSize(); chunk++) {
        int length = readFully(channel, ByteBuffer.wrap(block, 0, length(chunk)), start(chunk));
        if (MemorySegment.ofArray(block)
                .asSlice(0, length)
                .mismatch(MemorySegment.ofArray(new byte[length]))
            >= 0) {
          MemorySegment.copy(block, 0, bytes, ValueLayout.JAVA_BYTE, start(chunk), length);
          touchedChunks.set(chunk);
        }
      }
    }
  }

  void save(Path file) throws IOException {
    SparseFiles.create(file, bytes.byteSize());
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int chunk = touchedChunks.nextSetBit(0);
          chunk >= 0;
          chunk = touchedChunks.nextSetBit(chunk + 1)) {
        ByteBuffer block = bytes.asSlice(start(chunk), length(chunk)).asByteBuffer();
        long at = start(chunk);
        while (block.hasRemaining()) {
          at += channel.write(block, at);
        }
      }
    }
  }

  /** Gives the memory up: frees it, or keeps it for the next device of this size. */
  void release() {
    if (released) {
      return;
    }
    released = true;
    touchedChunks.stream()
        .forEach(chunk -> bytes.asSlice(start(chunk), length(chunk)).fill((byte) 0));
    if (!IDLE.offer(new CrashMemory(arena, bytes))) {
      arena.close();
    }
  }

  private static long start(int chunk) {
    return (long) chunk * CHUNK_BYTES;
  }

  private int length(int chunk) {
    return (int) Math.min(CHUNK_BYTES, bytes.byteSize() - start(chunk));
  }

  private static int readFully(FileChannel channel, ByteBuffer block, long offset)
      throws IOException {
    int done = 0;
    while (block.hasRemaining()) {
      int n = channel.read(block, offset + done);
      if (n < 0) {
        throw new IOException("the file ends at " + (offset + done) + ", before the device does");
      }
      done += n;
    }
    return done;
  }
}
