package io.pcache.backing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.block.BlockDevice;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the alignment that a file asks for, the bytes are those of a plain array. */
class AlignedFileTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final long DEFAULT_SEED = 20260401;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "false, 1, 4096",
    "true, 512, 4096",
    "true, 4096, 4096",
    "true, 4096, 4099",
    "true, 1024, 4097",
    "true, 4096, 3"
  })
  void randomTransfersEqualAnArray(boolean direct, int alignment, int sizeSectors)
      throws IOException {
    long seed = Long.getLong("pcache.seed", DEFAULT_SEED);
    String repeat = "repeat with: mvn -pl core test -Dtest=AlignedFileTest -Dpcache.seed=" + seed;
    Random random = new Random(seed);
    byte[] model = new byte[sizeSectors * SECTOR];
    Path path = create(model.length);
    try (FileBackingStore store = open(path, direct, alignment);
        Arena arena = Arena.ofConfined()) {
      assertThat(store.sizeBytes()).isEqualTo(model.length);
      for (int step = 0; step < 200; step++) {
        transfer(store, model, random, arena, repeat + ", step " + step);
      }
      store.flush();
    }
    assertThat(Files.readAllBytes(path)).as(repeat).isEqualTo(model);
  }

  private static void transfer(
      FileBackingStore store, byte[] model, Random random, Arena arena, String repeat)
      throws IOException {
    int size = model.length / SECTOR;
    // Mostly small; now and then more than a bounce buffer holds.
    int most = Math.min(size, random.nextInt(20) == 0 ? 2600 : 24);
    int sectors = 1 + random.nextInt(most);
    // Both ends of the file come up often.
    int at = Math.clamp(random.nextInt(-8, size + 8), 0, size - sectors);
    List<MemorySegment> pieces = pieces(sectors, random, arena);
    if (random.nextBoolean()) {
      byte[] bytes = new byte[sectors * SECTOR];
      random.nextBytes(bytes);
      scatter(bytes, pieces);
      System.arraycopy(bytes, 0, model, at * SECTOR, bytes.length);
      store.write(pieces, (long) at * SECTOR);
    } else {
      store.read(pieces, (long) at * SECTOR);
      MemorySegment expected =
          MemorySegment.ofArray(model).asSlice((long) at * SECTOR, (long) sectors * SECTOR);
      assertThat(gather(pieces).mismatch(expected)).as(repeat).isEqualTo(-1);
    }
  }

  /**
   * Memory for some sectors in one or several pieces of odd sizes, aligned well, badly or not
   * native at all.
   */
  private static List<MemorySegment> pieces(int sectors, Random random, Arena arena) {
    List<MemorySegment> pieces = new ArrayList<>();
    int left = sectors * SECTOR;
    boolean wellAligned = random.nextBoolean();
    while (left > 0) {
      int bytes =
          Math.min(left, wellAligned ? 4096 * (1 + random.nextInt(8)) : 1 + random.nextInt(9000));
      bytes = pieces.size() > 30 ? left : bytes;
      if (!wellAligned && random.nextInt(4) == 0) {
        pieces.add(MemorySegment.ofArray(new byte[bytes]));
      } else {
        int shift = wellAligned ? 0 : random.nextInt(4096);
        pieces.add(arena.allocate(bytes + shift, 4096).asSlice(shift, bytes));
      }
      left -= bytes;
    }
    return pieces;
  }

  private static void scatter(byte[] bytes, List<MemorySegment> pieces) {
    long position = 0;
    for (MemorySegment piece : pieces) {
      MemorySegment.copy(MemorySegment.ofArray(bytes), position, piece, 0, piece.byteSize());
      position += piece.byteSize();
    }
  }

  private static MemorySegment gather(List<MemorySegment> pieces) {
    long length = pieces.stream().mapToLong(MemorySegment::byteSize).sum();
    MemorySegment all = MemorySegment.ofArray(new byte[(int) length]);
    long position = 0;
    for (MemorySegment piece : pieces) {
      MemorySegment.copy(piece, 0, all, position, piece.byteSize());
      position += piece.byteSize();
    }
    return all;
  }

  @Test
  void neighboursInOneBlockWrittenAtTheSameTimeAreBothKept() throws Exception {
    int blocks = 4;
    Path path = create(blocks * 4096L);
    try (FileBackingStore store = open(path, true, 4096);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int sectorInBlock = i;
        writers.add(threads.submit(() -> writeSector(store, sectorInBlock, blocks)));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
    }
    byte[] file = Files.readAllBytes(path);
    for (int sector = 0; sector < blocks * 8; sector++) {
      assertThat(file[sector * SECTOR + 5]).as("sector " + sector).isEqualTo((byte) 100);
    }
  }

  /** Writes one sector of every block a hundred times over. */
  private static Void writeSector(FileBackingStore store, int sectorInBlock, int blocks)
      throws IOException {
    byte[] bytes = new byte[SECTOR];
    for (int round = 1; round <= 100; round++) {
      Arrays.fill(bytes, (byte) round);
      for (int block = 0; block < blocks; block++) {
        store.write(
            List.of(MemorySegment.ofArray(bytes)), block * 4096L + (long) sectorInBlock * SECTOR);
      }
    }
    return null;
  }

  @Test
  void theAlignmentThatIsFoundOutIsOneThatWorks() throws IOException {
    Path path = create(64 * 4096);
    try (Arena arena = Arena.ofConfined();
        NativeFile file = openDirect(path)) {
      file.write(arena.allocate(64 * 4096, 4096), 0, 64 * 4096, 0);
      int alignment = DirectAlignment.probe(file);
      assertThat(alignment).isIn(512, 1024, 2048, 4096);
      MemorySegment memory = arena.allocate(2L * alignment, 4096);
      file.write(memory, alignment, alignment, alignment);
      file.read(memory, alignment, alignment, alignment);
    }
  }

  private Path create(long sizeBytes) throws IOException {
    Path path = folder.resolve("backing");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return path;
  }

  private static FileBackingStore open(Path path, boolean direct, int alignment)
      throws IOException {
    NativeFile file =
        direct ? openDirect(path) : NativeFile.open(path, NativeFile.Access.READ_WRITE);
    return FileBackingStore.withAlignment(file, alignment, file.sizeBytes());
  }

  private static NativeFile openDirect(Path path) throws IOException {
    try {
      return NativeFile.open(path, NativeFile.Access.READ_WRITE_DIRECT);
    } catch (IOException e) {
      assumeTrue(false, "no direct I/O in the temporary folder's file system: " + e.getMessage());
      throw e;
    }
  }
}
