package io.pcache.backing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.MediaFailureException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The device stepped in one thread. */
class BackingDeviceTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final BackingRequest.Callback IGNORE = (request, failure) -> {};

  private final ArrayStore store = new ArrayStore(64 * SECTOR);
  private final BackingDevice device = device(4, 1);

  private BackingDevice device(int requests, int reserved) {
    return BackingDevice.start(
        store, new BackingOptions(requests, reserved, 1), new SteppedRunner());
  }

  private static void run(BackingDevice stepped) {
    while (stepped.submitWorker().doWork() + stepped.completionWorker().doWork() > 0) {}
  }

  /** A slice for a parent that does not wait for it alone. */
  private BackingRequest read(
      MemorySegment destination, long offsetBytes, BackingRequest.Callback callback) {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, destination);
    parent.begin();
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(
        parent,
        (int) destination.byteSize(),
        offsetBytes,
        (slice, failure) -> {
          if (failure == null) {
            destination.copyFrom(slice.sliceBytes());
          }
          callback.completed(slice, failure);
        });
    return request;
  }

  private static void submitWrite(BackingDevice to, BackingRequest.Callback callback) {
    BackingRequest request = to.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(0, callback);
    request.addPiece(memory(1));
    to.submit(request);
  }

  private static MemorySegment memory(int sectors) {
    return Arena.ofAuto().allocate((long) sectors * SECTOR);
  }

  @Test
  void aRequestOfSeveralRunsMovesEachToItsPlaceAndCompletesOnce() {
    Outcomes outcomes = new Outcomes();
    BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(3 * SECTOR, outcomes);
    request.addPiece(memory(1).fill((byte) 1));
    request.addRun(20 * SECTOR);
    request.addPiece(memory(1).fill((byte) 2));
    request.addPiece(memory(1).fill((byte) 3));
    assertThat(request.lengthBytes()).isEqualTo(3 * SECTOR);
    device.submit(request);
    run(device);

    assertThat(outcomes.all).containsExactly(Optional.empty());
    assertThat(store.bytes()[3 * SECTOR]).isEqualTo((byte) 1);
    assertThat(store.bytes()[20 * SECTOR]).isEqualTo((byte) 2);
    assertThat(store.bytes()[21 * SECTOR]).isEqualTo((byte) 3);
    assertThat(store.bytes()[22 * SECTOR]).isZero();
  }

  @Test
  void theRunThatFailsIsNamed() {
    Outcomes outcomes = new Outcomes();
    BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(3 * SECTOR, outcomes);
    request.addPiece(memory(1));
    device.submit(request);
    run(device);
    request = device.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(5 * SECTOR, outcomes);
    request.addPiece(memory(1));
    request.addRun(20 * SECTOR);
    request.addPiece(memory(2));
    store.failNext("first");
    device.submit(request);
    run(device);

    assertThat(outcomes.all.getFirst()).isEmpty();
    assertThat(outcomes.all.getLast())
        .hasValueSatisfying(
            failure -> assertThat(failure).hasMessageContaining("512 bytes at byte 2560"));
  }

  @Test
  void slicesAndTheParentsOwnReferenceCompleteItOnce() {
    new Random(1).nextBytes(store.bytes());
    RecordingRequest parent = new RecordingRequest();
    MemorySegment destination = memory(8);
    parent.prepareRead(16 * SECTOR, destination);
    parent.begin();
    slice(parent, 0, 3, 16);
    slice(parent, 5, 3, 21);
    run(device);
    assertThat(parent.completions).isEmpty();
    parent.release();
    assertThat(parent.completions).containsExactly(Optional.empty());
    assertThat(destination.asSlice(0, 3 * SECTOR).mismatch(onStore(16, 3))).isEqualTo(-1);
    assertThat(destination.asSlice(5 * SECTOR, 3 * SECTOR).mismatch(onStore(21, 3))).isEqualTo(-1);
    assertThat(destination.asSlice(3 * SECTOR, 2 * SECTOR).mismatch(memory(2))).isEqualTo(-1);
  }

  private void slice(RecordingRequest parent, int bufferSector, int sectors, int backingSector) {
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(
        parent,
        sectors * SECTOR,
        (long) backingSector * SECTOR,
        (slice, failure) ->
            parent
                .buffer()
                .put((long) bufferSector * SECTOR, slice.sliceBytes(), 0, (long) sectors * SECTOR));
    device.submit(request);
  }

  @Test
  void slicesInFlightTogetherHaveMemoryOfTheirOwn() {
    new Random(1).nextBytes(store.bytes());
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, memory(1));
    parent.begin();
    List<Integer> right = new ArrayList<>();
    for (int sector = 0; sector < 3; sector++) {
      int expected = sector;
      BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
      request.prepareSlice(
          parent,
          SECTOR,
          (long) sector * SECTOR,
          (slice, failure) -> {
            if (slice.sliceBytes().mismatch(onStore(expected, 1)) == -1) {
              right.add(expected);
            }
          });
      device.submit(request);
    }
    parent.release();
    run(device);
    assertThat(right).containsExactlyInAnyOrder(0, 1, 2);
  }

  private MemorySegment onStore(int sector, int sectors) {
    return MemorySegment.ofArray(store.bytes())
        .asSlice((long) sector * SECTOR, (long) sectors * SECTOR);
  }

  @Test
  void theFirstOfSeveralErrorsIsTheParents() {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, memory(3));
    parent.begin();
    store.failNext("first");
    store.failNext("second");
    slice(parent, 0, 1, 0);
    slice(parent, 1, 1, 1);
    slice(parent, 2, 1, 2);
    parent.release();
    run(device);
    assertThat(parent.completions).hasSize(1);
    assertThat(parent.completions.getFirst())
        .get()
        .isInstanceOf(BackingFailureException.class)
        .extracting(Throwable::getMessage)
        .asString()
        .contains("first", "read of 512 bytes at byte 0", "array");
    assertThat(device.counters().errors()).isEqualTo(2);
  }

  @Test
  void aSlicesPrivateCallbackRunsBeforeTheParentCompletes() {
    List<String> order = new ArrayList<>();
    RecordingRequest parent = new RecordingRequest();
    parent.onCompletion = () -> order.add("parent");
    parent.prepareRead(0, memory(1));
    parent.begin();
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(
        parent, SECTOR, 0, (slice, failure) -> order.add("slice of " + slice.lengthBytes()));
    device.submit(request);
    parent.release();
    run(device);
    assertThat(order).containsExactly("slice of 512", "parent");
  }

  @Test
  void aWriteMovesItsPiecesInOrder() {
    Outcomes outcomes = new Outcomes();
    BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(8 * SECTOR, outcomes);
    for (int i = 0; i < 20; i++) {
      MemorySegment piece = memory(1);
      piece.fill((byte) (i + 1));
      request.addPiece(piece);
    }
    device.submit(request);
    assertThat(outcomes.all).isEmpty();
    assertThat(device.submitWorker().doWork()).isEqualTo(1);
    assertThat(outcomes.all).isEmpty();
    assertThat(device.completionWorker().doWork()).isEqualTo(1);
    assertThat(outcomes.all).containsExactly(Optional.empty());
    for (int i = 0; i < 20; i++) {
      assertThat(store.bytes()[(8 + i) * SECTOR + 511]).isEqualTo((byte) (i + 1));
    }
  }

  @Test
  void anErrorIsReportedOnceAndOnlyToItsRequest() {
    Outcomes bad = new Outcomes();
    Outcomes good = new Outcomes();
    store.failNext("Input/output error");
    device.submit(read(memory(1), 0, bad));
    device.submit(read(memory(1), 0, good));
    run(device);
    assertThat(bad.all).hasSize(1);
    assertThat(bad.failures()).isEqualTo(1);
    assertThat(good.all).containsExactly(Optional.empty());
    assertThat(device.counters()).isEqualTo(new BackingCounters(2, SECTOR, 0, 0, 1, 0));
  }

  @Test
  void aStoreThatThrowsSomethingElseFailsTheRequestToo() {
    Outcomes outcomes = new Outcomes();
    store.surpriseNext(new IllegalStateException("gone"));
    device.submit(read(memory(1), 0, outcomes));
    run(device);
    assertThat(outcomes.all.getFirst()).get().isInstanceOf(BackingFailureException.class);
  }

  @Test
  void aPageThatTheCacheDeviceCannotDeliverIsTheMediasFailure() {
    Outcomes outcomes = new Outcomes();
    store.surpriseNext(new InternalError("a fault occurred in an unsafe memory access operation"));
    device.submit(read(memory(1), 0, outcomes));
    run(device);
    assertThat(outcomes.all.getFirst()).get().isInstanceOf(MediaFailureException.class);
  }

  @Test
  void anAssertionInATransferReachesTheStepAndStillEndsTheRequest() {
    Outcomes outcomes = new Outcomes();
    store.surpriseNext(new AssertionError("bug"));
    device.submit(read(memory(1), 0, outcomes));
    assertThatThrownBy(() -> device.submitWorker().doWork()).hasMessage("bug");
    run(device);
    assertThat(outcomes.failures()).isEqualTo(1);
    device.close();
  }

  @Test
  void aCallbackThatThrowsKeepsNobodyWaiting() {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, memory(1));
    parent.begin();
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(
        parent,
        SECTOR,
        0,
        (slice, failure) -> {
          throw new IllegalStateException("a callback's bug");
        });
    device.submit(request);
    parent.release();
    assertThat(device.submitWorker().doWork()).isEqualTo(1);
    assertThatThrownBy(() -> device.completionWorker().doWork()).hasMessage("a callback's bug");
    // Nobody knows whether the bytes are where they belong.
    assertThat(parent.completions).singleElement().asString().contains("a callback's bug");
    assertThat(device.counters().inFlight()).isZero();
  }

  @Test
  @DisplayName("hazard 21: a failed flush is thrown, and the next one is tried again")
  void aFailedFlushIsThrownAndTheNextOneIsTriedAgain() {
    store.failNext("Input/output error");
    assertThatThrownBy(device::flush)
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining("array")
        .hasMessageContaining("Input/output error");
    device.flush();
    assertThat(device.counters()).isEqualTo(new BackingCounters(2, 0, 0, 1, 1, 0));
  }

  @Test
  void missesLeaveTheReserveToWriteBack() {
    List<BackingRequest> misses = new ArrayList<>();
    for (BackingRequest r = device.tryAcquire(RequestPurpose.READ_MISS);
        r != null;
        r = device.tryAcquire(RequestPurpose.READ_MISS)) {
      misses.add(r);
    }
    assertThat(misses).hasSize(3);
    Outcomes outcomes = new Outcomes();
    for (int i = 0; i < 10; i++) {
      BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
      request.prepareWrite((long) i * SECTOR, outcomes);
      request.addPiece(memory(1));
      device.submit(request);
      assertThat(device.tryAcquire(RequestPurpose.READ_MISS)).isNull();
      run(device);
    }
    assertThat(outcomes.all).hasSize(10).containsOnly(Optional.empty());
    misses.forEach(device::abandon);
    assertThat(device.tryAcquire(RequestPurpose.READ_MISS)).isNotNull();
  }

  @Test
  void aCallbackSubmitsItsOwnRequestAgainWhileTheWholePoolIsQueued() {
    BackingDevice small = device(2, 0);
    Outcomes outcomes = new Outcomes();
    store.failNext("busy");
    store.failNext("busy still");
    BackingRequest.Callback retry =
        (request, failure) -> {
          if (failure == null) {
            outcomes.completed(request, null);
          } else {
            small.submit(request);
          }
        };
    submitWrite(small, retry);
    submitWrite(small, retry);
    assertThat(small.tryAcquire(RequestPurpose.WRITE_BACK)).isNull();
    run(small);
    assertThat(outcomes.all).hasSize(2);
    assertThat(small.counters().requests()).isEqualTo(4);
    assertThat(small.tryAcquire(RequestPurpose.READ_MISS)).isNotNull();
    assertThat(small.tryAcquire(RequestPurpose.READ_MISS)).isNotNull();
    assertThat(small.tryAcquire(RequestPurpose.READ_MISS)).isNull();
  }

  @Test
  void aSliceSubmittedAgainByItsCallbackKeepsTheParentOpenUntilItIsDone() {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, memory(1));
    parent.begin();
    store.failNext("busy");
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(
        parent,
        SECTOR,
        0,
        (slice, failure) -> {
          if (failure != null) {
            device.submit(slice);
          }
        });
    device.submit(request);
    parent.release();
    assertThat(device.submitWorker().doWork() + device.completionWorker().doWork()).isEqualTo(2);
    assertThat(parent.completions).isEmpty();
    run(device);
    assertThat(parent.completions).containsExactly(Optional.empty());
  }

  @Test
  void aCallbackPreparesItsWriteAnew() {
    Outcomes outcomes = new Outcomes();
    MemorySegment source = memory(1);
    source.fill((byte) 9);
    BackingRequest request = device.acquire(RequestPurpose.WRITE_BACK);
    request.prepareWrite(
        0,
        (written, failure) -> {
          written.prepareWrite(SECTOR, outcomes);
          written.addPiece(source);
          device.submit(written);
        });
    request.addPiece(source);
    device.submit(request);
    run(device);
    assertThat(outcomes.all).containsExactly(Optional.empty());
    assertThat(device.counters()).isEqualTo(new BackingCounters(2, 0, 2 * SECTOR, 0, 0, 0));
  }

  @Test
  void acquiringInACallbackNeverWaitsThoughThePoolIsEmpty() {
    BackingDevice small = device(1, 0);
    Outcomes outcomes = new Outcomes();
    submitWrite(
        small,
        (done, failure) -> {
          for (int i = 0; i < 3; i++) {
            submitWrite(small, outcomes);
          }
        });
    run(small);
    assertThat(outcomes.all).hasSize(3);
    assertThat(small.tryAcquire(RequestPurpose.WRITE_BACK)).isNotNull();
    assertThat(small.tryAcquire(RequestPurpose.WRITE_BACK)).isNull();
  }

  @Test
  void acquiringFromAnEmptyPoolStepsTheWorkersWhereNoThreadDoes() {
    for (int i = 0; i < 50; i++) {
      device.submit(read(memory(1), (long) i * SECTOR, IGNORE));
    }
    run(device);
    assertThat(device.counters().readBytes()).isEqualTo(50 * SECTOR);
  }

  @Test
  void acquiringWhileHoldingTheWholePoolIsReportedWhereNoThreadWorks() {
    for (int i = 0; i < 3; i++) {
      assertThat(device.acquire(RequestPurpose.READ_MISS)).isNotNull();
    }
    assertThatThrownBy(() -> device.acquire(RequestPurpose.READ_MISS))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void executeIsOverWhenItReturns() {
    Arrays.fill(store.bytes(), (byte) 5);
    Outcomes outcomes = new Outcomes();
    MemorySegment destination = memory(1);
    device.execute(read(destination, 0, outcomes));
    assertThat(destination.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
    assertThat(outcomes.threads).containsExactly(Thread.currentThread());
  }

  @Test
  void closeFinishesWhatWasSubmittedAndThenReleasesTheStore() {
    Outcomes outcomes = new Outcomes();
    device.submit(read(memory(1), 0, outcomes));
    device.submit(read(memory(1), 0, outcomes));
    device.close();
    assertThat(outcomes.all).containsExactly(Optional.empty(), Optional.empty());
    assertThat(store.closed).isTrue();
    device.close();
  }

  @Test
  void aRequestSubmittedAfterCloseGetsItsCallbackAtOnce() {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(0, memory(1));
    parent.begin();
    device.close();
    slice(parent, 0, 1, 0);
    parent.release();
    assertThat(parent.completions).hasSize(1);
    assertThat(parent.completions.getFirst()).get().isInstanceOf(ClosedException.class);
    assertThatThrownBy(device::flush).isInstanceOf(ClosedException.class);
    assertThat(device.counters().errors()).isZero();
    for (int i = 0; i < 10; i++) {
      device.submit(read(memory(1), 0, IGNORE));
    }
  }

  @Test
  void aRequestSubmittedByACallbackWhileClosingIsRefusedThroughItsCallback() {
    Outcomes outcomes = new Outcomes();
    device.submit(
        read(memory(1), 0, (request, failure) -> device.submit(read(memory(1), 0, outcomes))));
    device.close();
    assertThat(outcomes.all).hasSize(1);
    assertThat(outcomes.all.getFirst()).get().isInstanceOf(ClosedException.class);
  }

  @Test
  void aCallbackMayNotCloseTheDevice() {
    device.submit(read(memory(1), 0, (request, failure) -> device.close()));
    assertThat(device.submitWorker().doWork()).isEqualTo(1);
    assertThatThrownBy(() -> device.completionWorker().doWork()).isInstanceOf(AssertionError.class);
  }

  @Test
  void aRequestOutsideTheDeviceOrOffASectorIsABug() {
    assertThatThrownBy(() -> device.submit(read(memory(1), store.sizeBytes(), IGNORE)))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> device.submit(read(memory(1), 1, IGNORE)))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> device.submit(read(Arena.ofAuto().allocate(100), 0, IGNORE)))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void aRequestIsSubmittedOnceAtATime() {
    BackingRequest request = read(memory(1), 0, IGNORE);
    device.submit(request);
    assertThatThrownBy(() -> device.submit(request)).isInstanceOf(AssertionError.class);
  }

  @Test
  void requestsAllocateNothingOnceTheDeviceIsWarm() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    RecordingRequest parent = new RecordingRequest();
    MemorySegment memory = memory(1);
    parent.prepareRead(0, memory);
    parent.begin();
    BackingDevice quiet =
        BackingDevice.start(new NullStore(), new BackingOptions(4, 1, 1), new SteppedRunner());
    long allocated = 0;
    for (int round = 0; round < 2; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 5_000; i++) {
        BackingRequest slice = quiet.acquire(RequestPurpose.READ_MISS);
        slice.prepareSlice(parent, SECTOR, 0, IGNORE);
        quiet.submit(slice);
        BackingRequest write = quiet.acquire(RequestPurpose.WRITE_BACK);
        write.prepareWrite(0, IGNORE);
        write.addPiece(memory);
        quiet.submit(write);
        run(quiet);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertThat(allocated).as("bytes for 10,000 requests").isLessThan(10_000);
  }

  @Test
  void theSizeAndTheNameAreKnown() {
    assertThat(device.sizeBytes()).isEqualTo(64 * SECTOR);
    assertThat(device.name()).isEqualTo("array");
  }

  /** Moves nothing, at once. */
  private static final class NullStore implements BackingStore {
    @Override
    public String name() {
      return "nothing";
    }

    @Override
    public long sizeBytes() {
      return SECTOR;
    }

    @Override
    public void read(List<MemorySegment> pieces, long offsetBytes) {}

    @Override
    public void write(List<MemorySegment> pieces, long offsetBytes) {}

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
