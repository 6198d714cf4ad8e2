package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChecksumTest {
  private static final int CASTAGNOLI_REFLECTED = 0x82F63B78;
  private static final int MAPPED_BYTES = 1 << 16;

  /** The definition, a bit at a time. */
  private static int reference(MemorySegment bytes, long offset, long length) {
    int register = Checksum.SEED;
    for (long i = offset; i < offset + length; i++) {
      register ^= bytes.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        register = (register >>> 1) ^ ((register & 1) * CASTAGNOLI_REFLECTED);
      }
    }
    return register;
  }

  private static MemorySegment randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return MemorySegment.ofArray(bytes);
  }

  @Test
  void theCheckValueIsThatOfTheFormat() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(Checksum.of(MemorySegment.ofArray(digits), 0, digits.length)).isEqualTo(0xE5868AB2);
  }

  @Test
  void nothingHasTheSeedAsItsChecksum() {
    assertThat(Checksum.of(MemorySegment.ofArray(new byte[0]), 0, 0)).isEqualTo(0x0003B15A);
  }

  @Test
  void everyOffsetAndLengthMatchesTheDefinition() {
    MemorySegment bytes = randomBytes(80);
    for (int offset = 0; offset <= 80; offset++) {
      for (int length = 0; length <= 80 - offset; length++) {
        assertThat(Checksum.of(bytes, offset, length))
            .as("offset %d, length %d", offset, length)
            .isEqualTo(reference(bytes, offset, length));
      }
    }
  }

  @Test
  void lengthsAroundTheChunkMatchTheDefinition() {
    MemorySegment bytes = randomBytes(3 * 8192 + 16);
    for (int length : new int[] {8191, 8192, 8193, 16_384, 16_385, 24_576, 24_583}) {
      assertThat(Checksum.of(bytes, 7, length))
          .as("length %d", length)
          .isEqualTo(reference(bytes, 7, length));
    }
  }

  @Test
  void nativeMemoryAndMappingsGiveTheSameAsTheHeap(@TempDir Path folder) throws IOException {
    MemorySegment heap = randomBytes(MAPPED_BYTES);
    Path file = folder.resolve("bytes");
    Files.write(file, heap.toArray(ValueLayout.JAVA_BYTE));
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment offHeap = arena.allocate(MAPPED_BYTES).copyFrom(heap);
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, MAPPED_BYTES, arena);
      int expected = reference(heap, 3, 30_001);
      assertThat(Checksum.of(heap, 3, 30_001)).isEqualTo(expected);
      assertThat(Checksum.of(offHeap, 3, 30_001)).isEqualTo(expected);
      assertThat(Checksum.of(mapped, 3, 30_001)).isEqualTo(expected);
    }
  }
}
