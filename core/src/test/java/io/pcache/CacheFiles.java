package io.pcache;

import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/** A cache file and a backing file in a folder, and plain ways to use them. */
record CacheFiles(Path cache, Path backing) {
  static final long BACKING_BYTES = 64L << 20;

  static CacheFiles in(Path folder) throws IOException {
    CacheFiles files = new CacheFiles(folder.resolve("cache"), folder.resolve("backing"));
    setLength(files.backing(), BACKING_BYTES);
    return files;
  }

  static void setLength(Path path, long sizeBytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
  }

  static void overwrite(Path path, long offsetBytes, byte[] bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(offsetBytes);
      file.write(bytes);
    }
  }

  static byte[] read(Path path, long offsetBytes, int lengthBytes) throws IOException {
    byte[] bytes = new byte[lengthBytes];
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(offsetBytes);
      file.readFully(bytes);
    }
    return bytes;
  }

  CacheFiles formatted() {
    Pcache.format(FormatOptions.of(cache).withSizeBytes(MediaLayout.MIN_CACHE_BYTES));
    return this;
  }

  OpenOptions options() {
    return OpenOptions.of(cache, backing).withStagingFolder(StagingFolders.ofThisProcess());
  }

  Pcache open() {
    return Pcache.open(options());
  }

  static void write(Pcache cache, long offsetBytes, int value) {
    byte[] sector = new byte[4096];
    Arrays.fill(sector, (byte) value);
    cache.write(offsetBytes, MemorySegment.ofArray(sector));
  }

  static byte[] read(Pcache cache, long offsetBytes) {
    byte[] sector = new byte[4096];
    cache.read(offsetBytes, MemorySegment.ofArray(sector));
    return sector;
  }
}
