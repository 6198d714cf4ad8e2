package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests of many threads whose buffers are the same memory, or change while they run: the whole
 * device is compared with the backing store and a model afterwards, and again after a restart.
 */
@Tag("engine")
@ExtendWith(Seeds.class)
class AliasingBuffersTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 16_384;
  private static final int IN_FLIGHT = 32;
  private static final int BACKING_ID = 7;
  private static final int ROUNDS = 1500;
  private static final int WRITERS = 3;
  private static final int SPAN_BLOCKS = 24;
  private static final int MAX_CARELESS_BLOCKS = 16;
  private static final long SCRIBBLE = 0x5C21_BB1E_0000_0000L;
  private static final long HANG_SECONDS = 240;

  @TempDir(factory = MemoryFolder.class)
  private Path memoryFolder;

  private @TempDir Path diskFolder;

  private PcacheUnderTest open(boolean inMemory, boolean dataCrc) throws IOException {
    Path cache = (inMemory ? memoryFolder : diskFolder).resolve("cache");
    Path backing = memoryFolder.resolve("backing");
    fillBacking(backing);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20).withDataCrc(dataCrc));
    return new PcacheUnderTest(OpenOptions.of(cache, backing));
  }

  private static void fillBacking(Path backing) throws IOException {
    long sizeBytes = (long) BLOCKS * BLOCK_BYTES;
    var _ = SparseFiles.create(backing, sizeBytes);
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(backing, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      SectorContent.fill(
          channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes, arena), 0, BACKING_ID);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, true"})
  @DisplayName("hazard 32: 32 cold reads at a time into one buffer leave every block right")
  void coldReadsIntoOneBufferLeaveEveryBlockRight(boolean inMemory, boolean dataCrc)
      throws IOException, InterruptedException {
    try (PcacheUnderTest pcache = open(inMemory, dataCrc);
        Arena arena = Arena.ofShared()) {
      readAllInto(pcache.device(), arena.allocate(BLOCK_BYTES, BLOCK_BYTES));
      assertThat(wrongBlocks(pcache.device())).isZero();
      pcache.reopen();
      assertThat(wrongBlocks(pcache.device())).as("after a restart").isZero();
    }
  }

  private static void readAllInto(BlockDevice device, MemorySegment shared)
      throws InterruptedException {
    BlockingQueue<SharingRequest> idle = new ArrayBlockingQueue<>(IN_FLIGHT);
    for (int i = 0; i < IN_FLIGHT; i++) {
      idle.add(new SharingRequest(idle));
    }
    for (int block = 0; block < BLOCKS; block++) {
      SharingRequest request = take(idle);
      request.prepareRead((long) block * BLOCK_BYTES, shared);
      device.submit(request);
    }
    for (int i = 0; i < IN_FLIGHT; i++) {
      assertThat(take(idle).failure).isNull();
    }
  }

  private static SharingRequest take(BlockingQueue<SharingRequest> idle)
      throws InterruptedException {
    SharingRequest request = idle.poll(HANG_SECONDS, TimeUnit.SECONDS);
    assertThat(request).as("a request that completes").isNotNull();
    return request;
  }

  private static final class SharingRequest extends BlockRequest {
    private final BlockingQueue<SharingRequest> idle;
    private @Nullable PcacheException failure;

    SharingRequest(BlockingQueue<SharingRequest> idle) {
      this.idle = idle;
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      failure = failure == null ? cause : failure;
      idle.add(this);
    }
  }

  private static int wrongBlocks(BlockDevice device) {
    int[] wrong = {0};
    long[] block = {0};
    new BlockingDevice(device)
        .readAll(piece -> {
          for (long at = 0; at < piece.byteSize(); at += BLOCK_BYTES) {
            wrong[0] += isRight(piece, at, block[0]++ * BLOCK_BYTES, BACKING_ID) ? 0 : 1;
          }
        });
    return wrong[0];
  }

  private static boolean isRight(MemorySegment bytes, long at, long offsetBytes, int id) {
    for (int i = 0; i < BLOCK_BYTES; i += SECTOR) {
      if (SectorContent.idAt(bytes, at + i, (offsetBytes + i) / SECTOR) != id) {
        return false;
      }
    }
    return true;
  }

  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, true"})
  @DisplayName("hazard 32: buffers that change while requests run harm no block but those written")
  void buffersThatChangeHarmNoOther(boolean inMemory, boolean dataCrc, Seed seed)
      throws IOException, InterruptedException, ExecutionException {
    Model model = new Model();
    try (PcacheUnderTest pcache = open(inMemory, dataCrc)) {
      runCarelessClients(pcache.device(), model, seed);
      model.check(pcache.device());
      pcache.reopen();
      model.check(pcache.device());
      pcache.cache().drain((left, atStart) -> {});
      assertThat(pcache.cache().status().faults()).isEmpty();
    }
    try (Arena arena = Arena.ofConfined();
        FileChannel backing = FileChannel.open(memoryFolder.resolve("backing"))) {
      model.check(backing.map(FileChannel.MapMode.READ_ONLY, 0, backing.size(), arena), 0);
    }
  }

  private static void runCarelessClients(BlockDevice device, Model model, Seed seed)
      throws InterruptedException, ExecutionException {
    AtomicBoolean over = new AtomicBoolean();
    try (Arena arena = Arena.ofShared();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      long sharedBytes = (long) MAX_CARELESS_BLOCKS * BLOCK_BYTES;
      MemorySegment shared = arena.allocate(sharedBytes, BLOCK_BYTES);
      scribble(shared, new Random(0), (int) sharedBytes);
      Future<?> scribbler = threads.submit(() -> scribbleUntil(shared, over));
      List<Future<Void>> clients = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        clients.add(threads.submit(new Client(device, shared, model, i, seed.random(i))));
      }
      try {
        for (Future<Void> client : clients) {
          client.get();
        }
      } finally {
        over.set(true);
      }
      scribbler.get();
    }
  }

  private static void scribbleUntil(MemorySegment shared, AtomicBoolean over) {
    Random random = new Random(1);
    while (!over.get()) {
      scribble(shared, random, 64);
    }
  }

  private static void scribble(MemorySegment shared, Random random, int words) {
    int count = (int) (shared.byteSize() / Long.BYTES);
    for (int i = 0; i < words; i++) {
      int word = words >= count ? i : random.nextInt(count);
      shared.setAtIndex(ValueLayout.JAVA_LONG, word % count, SCRIBBLE | random.nextInt(1 << 30));
    }
  }

  /** Which write of which thread each block has to hold; each thread has blocks of its own. */
  private static final class Model {
    private static final int CARELESS = -1;

    private final int[] ids = new int[BLOCKS];

    Model() {
      Arrays.fill(ids, BACKING_ID);
    }

    void check(BlockDevice device) {
      long[] offset = {0};
      new BlockingDevice(device)
          .readAll(piece -> {
            check(piece, offset[0]);
            offset[0] += piece.byteSize();
          });
    }

    void check(MemorySegment bytes, long offsetBytes) {
      for (long at = 0; at < bytes.byteSize(); at += BLOCK_BYTES) {
        long offset = offsetBytes + at;
        int id = ids[(int) (offset / BLOCK_BYTES)];
        boolean right =
            id == CARELESS ? isScribbleOrRead(bytes, at) : isRight(bytes, at, offset, id);
        assertThat(right).as("the block at byte %d, version %d", offset, id).isTrue();
      }
    }

    /** Torn in words at most: each is one that was in the shared buffer at some time. */
    private static boolean isScribbleOrRead(MemorySegment bytes, long at) {
      for (int i = 0; i < BLOCK_BYTES; i += Long.BYTES) {
        long word = bytes.get(ValueLayout.JAVA_LONG, at + i);
        boolean scribbled = (word & 0xFFFF_FFFF_0000_0000L) == SCRIBBLE;
        boolean read = word >= 0 && word < Integer.MAX_VALUE;
        if (!scribbled && !read) {
          return false;
        }
      }
      return true;
    }
  }

  /** Writes blocks carefully and carelessly side by side, and reads into the shared buffer. */
  private static final class Client implements Callable<Void> {
    private final BlockDevice device;
    private final MemorySegment shared;
    private final Model model;
    private final int number;
    private final Random random;
    private final MemorySegment own = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES);

    Client(BlockDevice device, MemorySegment shared, Model model, int number, Random random) {
      this.device = device;
      this.shared = shared;
      this.model = model;
      this.number = number;
      this.random = random;
    }

    @Override
    public Void call() {
      BlockingDevice blocking = new BlockingDevice(device);
      for (int round = 1; round <= ROUNDS; round++) {
        int span = number + WRITERS * random.nextInt(BLOCKS / SPAN_BLOCKS / WRITERS);
        int careless = 1 + random.nextInt(MAX_CARELESS_BLOCKS);
        int first = span * SPAN_BLOCKS + 1 + random.nextInt(SPAN_BLOCKS - careless - 1);
        switch (random.nextInt(3)) {
          case 0 -> writeCarelessly(blocking, first, careless);
          case 1 -> writeCarefully(blocking, first - 1, BACKING_ID + round);
          default -> blocking.read((long) first * BLOCK_BYTES, part(careless));
        }
      }
      return null;
    }

    private MemorySegment part(int blocks) {
      return shared.asSlice(0, (long) blocks * BLOCK_BYTES);
    }

    private void writeCarelessly(BlockingDevice blocking, int first, int count) {
      for (int block = first; block < first + count; block++) {
        model.ids[block] = Model.CARELESS;
      }
      blocking.write((long) first * BLOCK_BYTES, part(count));
    }

    private void writeCarefully(BlockingDevice blocking, int block, int id) {
      long offset = (long) block * BLOCK_BYTES;
      SectorContent.fill(own, offset / SECTOR, id);
      model.ids[block] = id;
      blocking.write(offset, own);
    }
  }
}
