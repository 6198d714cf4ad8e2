package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests whose buffers are many pieces anywhere in a large memory, as those of a virtual machine
 * are, on the real engine.
 */
@Tag("engine")
@ExtendWith(Seeds.class)
class ScatteredBuffersTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int DEVICE_BYTES = 48 << 20;
  private static final int MEMORY_BYTES = 3 << 20;
  private static final int MAX_PIECES = 200;
  private static final int MAX_BYTES = 1 << 20;
  private static final int REQUESTS = 300;

  @TempDir(factory = MemoryFolder.class)
  private Path memoryFolder;

  private @TempDir Path diskFolder;

  private Pcache open(boolean inMemory, boolean dataCrc, byte[] content) throws IOException {
    Path cache = (inMemory ? memoryFolder : diskFolder).resolve("cache");
    Path backing = Files.write(memoryFolder.resolve("backing"), content);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20).withDataCrc(dataCrc));
    return Pcache.open(OpenOptions.of(cache, backing));
  }

  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  @DisplayName("reads, missing or not, and writes move what a model says, however they are split")
  void anySplitMovesTheSameBytes(boolean inMemory, boolean dataCrc, Seed seed) throws IOException {
    byte[] model = new byte[DEVICE_BYTES];
    seed.random(1).nextBytes(model);
    try (Pcache pcache = open(inMemory, dataCrc, model);
        Arena arena = Arena.ofShared()) {
      Run run = new Run(pcache.device(), arena, MemorySegment.ofArray(model), seed.random());
      for (int i = 0; i < REQUESTS; i++) {
        run.request();
      }
      MemorySegment all = arena.allocate(DEVICE_BYTES, Long.BYTES);
      pcache.read(0, all);
      assertThat(all.mismatch(MemorySegment.ofArray(model))).isEqualTo(-1);
    }
  }

  /** One client with one memory, one request object, and a model of the device. */
  private static final class Run {
    private final BlockDevice device;
    private final MemorySegment memory;
    private final MemorySegment model;
    private final Random random;
    private final MemorySegment noise;
    private final AwaitedRequest request = new AwaitedRequest();

    Run(BlockDevice device, Arena arena, MemorySegment model, Random random) {
      this.device = device;
      this.memory = arena.allocate(MEMORY_BYTES, 4096);
      this.model = model;
      this.random = random;
      byte[] bytes = new byte[2 * MEMORY_BYTES];
      random.nextBytes(bytes);
      this.noise = MemorySegment.ofArray(bytes);
    }

    void request() {
      int length = SECTOR * (1 + random.nextInt(1 + random.nextInt(MAX_BYTES / SECTOR)));
      long offset = (long) SECTOR * random.nextInt((DEVICE_BYTES - length) / SECTOR + 1);
      List<long[]> pieces = random.nextInt(4) == 0 ? onePiece(length) : manyPieces(length);
      if (random.nextBoolean()) {
        read(offset, pieces);
      } else {
        write(offset, pieces);
      }
    }

    private List<long[]> onePiece(int length) {
      return List.of(new long[] {random.nextInt(MEMORY_BYTES - length), length});
    }

    /** Splits a length anywhere, and puts the parts anywhere, apart from each other. */
    private List<long[]> manyPieces(int length) {
      List<Integer> cuts = new ArrayList<>(List.of(0, length));
      for (int i = random.nextInt(MAX_PIECES); i > 0; i--) {
        int cut = random.nextInt(length + 1);
        cuts.add(random.nextBoolean() ? cut : cut / SECTOR * SECTOR);
      }
      Collections.sort(cuts);
      List<long[]> pieces = new ArrayList<>();
      long at = 0;
      for (int i = 1; i < cuts.size(); i++) {
        at += random.nextInt((MEMORY_BYTES - MAX_BYTES) / (MAX_PIECES + 2));
        int piece = cuts.get(i) - cuts.get(i - 1);
        pieces.add(new long[] {at, piece});
        at += piece;
      }
      Collections.shuffle(pieces, random);
      return pieces;
    }

    private void read(long offset, List<long[]> pieces) {
      memory.fill((byte) 0x55);
      request.prepareRead(offset);
      pieces.forEach(piece -> request.addPiece(memory, piece[0], piece[1]));
      BlockingDevice.carryOut(device, request);
      MemorySegment expected = MemorySegment.ofArray(new byte[MEMORY_BYTES]);
      expected.fill((byte) 0x55);
      copyFromModel(pieces, offset, expected);
      // Also: nothing is touched beside the pieces.
      assertThat(memory.mismatch(expected)).as("read at byte %d", offset).isEqualTo(-1);
    }

    private void write(long offset, List<long[]> pieces) {
      memory.copyFrom(noise.asSlice(random.nextInt(MEMORY_BYTES), MEMORY_BYTES));
      request.prepareWrite(offset);
      if (random.nextInt(8) == 0) {
        request.completeWhenDurable();
      }
      pieces.forEach(piece -> request.addPiece(memory, piece[0], piece[1]));
      BlockingDevice.carryOut(device, request);
      copyToModel(pieces, offset, memory);
    }

    private void copyFromModel(List<long[]> pieces, long offset, MemorySegment client) {
      long at = offset;
      for (long[] piece : pieces) {
        MemorySegment.copy(model, at, client, piece[0], piece[1]);
        at += piece[1];
      }
    }

    private void copyToModel(List<long[]> pieces, long offset, MemorySegment client) {
      long at = offset;
      for (long[] piece : pieces) {
        MemorySegment.copy(client, piece[0], model, at, piece[1]);
        at += piece[1];
      }
    }
  }

  @Test
  @DisplayName("blocks of one read that share a page fill the cache each with its own bytes")
  void blocksOfOneReadMayShareAPage() throws IOException {
    byte[] content = new byte[DEVICE_BYTES];
    new Random(1).nextBytes(content);
    try (Pcache pcache = open(true, true, content);
        Arena arena = Arena.ofShared()) {
      MemorySegment page = arena.allocate(4096, 4096);
      AwaitedRequest request = new AwaitedRequest();
      request.prepareRead(0);
      for (int i = 0; i < 256; i++) {
        request.addPiece(page, 0, 4096);
      }
      BlockingDevice.carryOut(pcache.device(), request);
      MemorySegment all = arena.allocate(DEVICE_BYTES, Long.BYTES);
      pcache.read(0, all);
      assertThat(all.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
    }
  }

  @Test
  @DisplayName("each piece has to be open, shared, writable for a read, and inside its memory")
  void eachPieceIsValidated() throws IOException {
    try (Pcache pcache = open(true, false, new byte[DEVICE_BYTES]);
        Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      MemorySegment good = shared.allocate(4096);
      Arena gone = Arena.ofShared();
      MemorySegment closed = gone.allocate(4096);
      gone.close();
      assertRefused(pcache, request -> request.addPiece(closed, 0, SECTOR));
      assertRefused(pcache, request -> request.addPiece(confined.allocate(4096), 0, SECTOR));
      assertRefused(pcache, request -> request.addPiece(good, 4096 - SECTOR + 1, SECTOR));
      assertRefused(pcache, request -> request.addPiece(good, -1, SECTOR));
      assertRefused(pcache, request -> request.addPiece(good, 0, -SECTOR));
      assertRefused(pcache, request -> request.addPiece(good, Long.MAX_VALUE, SECTOR));
      assertRefused(
          pcache,
          request -> {
            request.addPiece(good, 0, Long.MAX_VALUE);
            request.addPiece(good, 0, Long.MAX_VALUE);
          });
      AwaitedRequest read = new AwaitedRequest();
      read.prepareRead(0);
      read.addPiece(good, 0, SECTOR);
      read.addPiece(good.asReadOnly(), 0, SECTOR);
      assertThatThrownBy(() -> BlockingDevice.carryOut(pcache.device(), read))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("writable for a read");
    }
  }

  private static void assertRefused(Pcache pcache, Consumer<AwaitedRequest> bad) {
    MemorySegment good = MemorySegment.ofArray(new byte[SECTOR]);
    for (boolean reading : new boolean[] {true, false}) {
      AwaitedRequest request = new AwaitedRequest();
      if (reading) {
        request.prepareRead(0);
      } else {
        request.prepareWrite(0);
      }
      request.addPiece(good, 0, SECTOR);
      bad.accept(request);
      assertThatThrownBy(() -> BlockingDevice.carryOut(pcache.device(), request))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("accessible from every thread")
          .hasMessageContaining("inside its memory");
    }
  }

  @Test
  @DisplayName("pieces that do not make whole sectors together are refused")
  void piecesMakeWholeSectorsTogether() throws IOException {
    try (Pcache pcache = open(true, false, new byte[DEVICE_BYTES])) {
      AwaitedRequest request = new AwaitedRequest();
      request.prepareRead(0);
      request.addPiece(MemorySegment.ofArray(new byte[SECTOR]), 0, SECTOR);
      request.addPiece(MemorySegment.ofArray(new byte[SECTOR]), 0, 1);
      assertThatThrownBy(() -> BlockingDevice.carryOut(pcache.device(), request))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("READ of 513 bytes");
    }
  }
}
