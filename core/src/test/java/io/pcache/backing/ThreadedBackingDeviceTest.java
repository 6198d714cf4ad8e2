package io.pcache.backing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.block.BlockDevice;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The device with its own threads. */
@Timeout(600)
class ThreadedBackingDeviceTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final long DEFAULT_SEED = 20260402;

  private final ArrayStore store = new ArrayStore(64 * SECTOR);
  private final Outcomes outcomes = new Outcomes();

  @TempDir Path folder;

  private static void submitWrite(
      BackingDevice device, RequestPurpose purpose, BackingRequest.Callback callback) {
    BackingRequest request = device.acquire(purpose);
    request.prepareWrite(0, callback);
    request.addPiece(Arena.ofAuto().allocate(SECTOR));
    device.submit(request);
  }

  @Test
  void transfersRunOnAFixedNumberOfThreadsAndCallbacksOnOne() {
    try (BackingDevice device = BackingDevice.start(store, new BackingOptions(16, 2, 3))) {
      store.holdAll();
      for (int i = 0; i < 10; i++) {
        submitWrite(device, RequestPurpose.READ_MISS, outcomes);
      }
      await().until(() -> store.waiting.get() == 3);
      store.letAllPass();
      await().until(() -> outcomes.all.size() == 10);
      assertThat(store.threads)
          .hasSize(3)
          .allSatisfy(thread -> assertThat(thread.getName()).startsWith("pcache-backing-io-"));
      assertThat(outcomes.threads)
          .allSatisfy(
              thread -> assertThat(thread.getName()).isEqualTo("pcache-backing-completion"));
    }
  }

  @Test
  @DisplayName("hazard 23: close waits for transfers in flight and refuses the rest")
  void closeWaitsForWhatIsInFlightAndRefusesTheRest() throws Exception {
    BackingDevice device = BackingDevice.start(store, new BackingOptions(8, 2, 2));
    store.holdAll();
    submitWrite(device, RequestPurpose.READ_MISS, outcomes);
    await().until(() -> store.waiting.get() == 1);
    Thread closer = Thread.ofPlatform().start(device::close);
    await().until(() -> closer.getState() == Thread.State.WAITING);

    Outcomes late = new Outcomes();
    submitWrite(device, RequestPurpose.READ_MISS, late);
    await().until(() -> late.all.size() == 1);
    assertThat(late.all.getFirst()).get().isInstanceOf(ClosedException.class);
    assertThat(outcomes.all).isEmpty();
    assertThat(store.closed).isFalse();

    store.letAllPass();
    closer.join();
    assertThat(outcomes.all).containsExactly(Optional.empty());
    assertThat(store.closed).isTrue();
    submitWrite(device, RequestPurpose.WRITE_BACK, late);
    assertThat(late.all).hasSize(2);
    assertThat(late.threads.getLast()).isEqualTo(Thread.currentThread());
  }

  @Test
  void acquireWaitsUntilARequestComesBack() throws Exception {
    try (BackingDevice device = BackingDevice.start(store, new BackingOptions(1, 0, 1))) {
      store.holdAll();
      submitWrite(device, RequestPurpose.READ_MISS, outcomes);
      Thread waiter =
          Thread.ofPlatform().start(() -> submitWrite(device, RequestPurpose.READ_MISS, outcomes));
      await().until(() -> waiter.getState() == Thread.State.WAITING);
      assertThat(device.counters().requests()).isEqualTo(1);
      store.letAllPass();
      waiter.join();
      await().until(() -> outcomes.all.size() == 2);
    }
  }

  @Test
  void writeBackGoesOnWhileMissesHoldAllTheyMay() {
    try (BackingDevice device = BackingDevice.start(store, new BackingOptions(4, 1, 1))) {
      List<BackingRequest> misses = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        misses.add(device.acquire(RequestPurpose.READ_MISS));
      }
      for (int i = 0; i < 100; i++) {
        submitWrite(device, RequestPurpose.WRITE_BACK, outcomes);
      }
      await().until(() -> outcomes.all.size() == 100);
      misses.forEach(device::abandon);
    }
  }

  @Test
  void parentsThatSubmitTheirNextRequestWhenTheyCompleteNeverStandStill() throws Exception {
    int parents = 6;
    int rounds = 200;
    CountDownLatch done = new CountDownLatch(parents);
    try (BackingDevice device = BackingDevice.start(store, new BackingOptions(2, 1, 2))) {
      for (int i = 0; i < parents; i++) {
        chain(device, rounds, done);
      }
      done.await();
    }
    assertThat(outcomes.failures()).isZero();
  }

  private void chain(BackingDevice device, int rounds, CountDownLatch done) {
    RecordingRequest parent = new RecordingRequest();
    MemorySegment destination = Arena.ofAuto().allocate(2 * SECTOR);
    parent.onCompletion =
        () -> {
          if (parent.completions.size() < rounds) {
            readInTwoSlices(device, parent, destination);
          } else {
            done.countDown();
          }
        };
    readInTwoSlices(device, parent, destination);
  }

  private void readInTwoSlices(
      BackingDevice device, RecordingRequest parent, MemorySegment destination) {
    parent.prepareRead(0, destination);
    parent.begin();
    for (int i = 0; i < 2; i++) {
      BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
      request.prepareSlice(parent, SECTOR, (long) i * SECTOR, outcomes);
      device.submit(request);
    }
    parent.release();
  }

  @Test
  void manyThreadsOnAFileSeeTheirOwnWrites() throws Exception {
    long seed = Long.getLong("pcache.seed", DEFAULT_SEED);
    System.out.println(
        "repeat with: mvn -pl core test -Dtest=ThreadedBackingDeviceTest -Dpcache.seed=" + seed);
    int clients = 6;
    Path path = Files.write(folder.resolve("backing"), new byte[clients * Client.REGION_BYTES]);
    List<Client> all = new ArrayList<>();
    try (BackingDevice device =
            BackingDevice.start(FileBackingStore.open(path), new BackingOptions(5, 2, 3));
        ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        Client client = new Client(device, i, new Random(seed + i));
        all.add(client);
        running.add(threads.submit(client));
      }
      for (Future<?> run : running) {
        run.get();
      }
      await().until(() -> device.counters().inFlight() == 0);
      assertThat(device.counters().errors()).isZero();
      assertThat(device.counters().writtenBytes())
          .isEqualTo(all.stream().mapToLong(c -> c.writtenBytes).sum());
    }
    MemorySegment file = MemorySegment.ofArray(Files.readAllBytes(path));
    for (Client client : all) {
      assertThat(
              file.asSlice(client.start, Client.REGION_BYTES)
                  .mismatch(MemorySegment.ofArray(client.model)))
          .as("seed " + seed + ", client " + client.start)
          .isEqualTo(-1);
    }
  }

  /**
   * Reads and writes its own region at random, one request after the other, and knows what has to
   * be there.
   */
  private static final class Client implements Runnable {
    static final int REGION_BYTES = 256 * SECTOR;

    private final BackingDevice device;
    private final long start;
    private final Random random;
    private final byte[] model = new byte[REGION_BYTES];
    private long writtenBytes;

    Client(BackingDevice device, int index, Random random) {
      this.device = device;
      this.start = (long) index * REGION_BYTES;
      this.random = random;
    }

    @Override
    public void run() {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = arena.allocate(16 * SECTOR);
        for (int i = 0; i < 500; i++) {
          int sectors = 1 + random.nextInt(16);
          int at = random.nextInt(256 - sectors + 1) * SECTOR;
          if (random.nextBoolean()) {
            write(memory.asSlice(0, (long) sectors * SECTOR), at);
          } else {
            read(memory.asSlice(0, (long) sectors * SECTOR), at);
          }
        }
      }
    }

    private void write(MemorySegment memory, int at) {
      byte[] bytes = new byte[(int) memory.byteSize()];
      random.nextBytes(bytes);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 0, bytes.length);
      System.arraycopy(bytes, 0, model, at, bytes.length);
      BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
      carryOut(
          request,
          callback -> {
            request.prepareWrite(start + at, callback);
            request.addPiece(memory.asSlice(0, memory.byteSize() / 2));
            request.addPiece(memory.asSlice(memory.byteSize() / 2));
          });
      writtenBytes += bytes.length;
    }

    private void read(MemorySegment memory, int at) {
      memory.fill((byte) 0xEE);
      BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
      RecordingRequest parent = new RecordingRequest();
      parent.prepareRead(start + at, memory);
      parent.begin();
      carryOut(
          request,
          callback ->
              request.prepareSlice(
                  parent,
                  (int) memory.byteSize(),
                  start + at,
                  (slice, failure) -> {
                    memory.copyFrom(slice.sliceBytes());
                    callback.completed(slice, failure);
                  }));
      MemorySegment expected = MemorySegment.ofArray(model).asSlice(at, memory.byteSize());
      assertThat(memory.mismatch(expected)).isEqualTo(-1);
    }

    private interface Preparation {
      void prepare(BackingRequest.Callback callback);
    }

    private void carryOut(BackingRequest request, Preparation preparation) {
      CountDownLatch done = new CountDownLatch(1);
      AtomicReference<@Nullable PcacheException> outcome = new AtomicReference<>();
      preparation.prepare((finished, failure) -> {
        outcome.set(failure);
        done.countDown();
      });
      if (random.nextInt(4) == 0) {
        device.execute(request);
      } else {
        device.submit(request);
      }
      awaitUninterrupted(done);
      assertThat(outcome.get()).isNull();
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
