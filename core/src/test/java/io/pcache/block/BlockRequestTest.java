package io.pcache.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BlockRequestTest {
  /** Remembers how often it was completed, and with what. */
  private static final class Recording extends BlockRequest {
    final List<Optional<PcacheException>> completions = new ArrayList<>();

    @Override
    protected void completed(@Nullable PcacheException cause) {
      completions.add(Optional.ofNullable(cause));
    }
  }

  private final Recording request = new Recording();

  @Test
  void itIsCompleteWhenTheLastReferenceGoes() {
    request.prepareFlush();
    request.begin();
    request.retain();
    request.retain();
    request.release();
    request.release();
    assertThat(request.completions).isEmpty();
    request.release();
    assertThat(request.completions).containsExactly(Optional.empty());
  }

  @Test
  void theFirstFailureIsTheOneThatIsReported() {
    BackingFailureException first = new BackingFailureException("first");
    request.prepareFlush();
    request.begin();
    assertThat(request.hasFailed()).isFalse();
    request.fail(first);
    request.fail(new ClosedException("second"));
    assertThat(request.hasFailed()).isTrue();
    request.release();
    assertThat(request.completions).containsExactly(Optional.of(first));
  }

  @Test
  void itCanBePreparedAgainAfterCompletion() {
    request.prepareFlush();
    request.begin();
    request.fail(new ClosedException("the first time"));
    request.release();
    request.prepareWriteZeroes(512, 1024);
    request.completeWhenDurable();
    request.begin();
    request.release();
    assertThat(request.completions).hasSize(2);
    assertThat(request.completions.getLast()).isEmpty();
    assertThat(request.op()).isEqualTo(BlockOp.WRITE_ZEROES);
    assertThat(request.offsetBytes()).isEqualTo(512);
    assertThat(request.lengthBytes()).isEqualTo(1024);
    assertThat(request.forceUnitAccess()).isTrue();
  }

  @Test
  void aRequestInFlightIsNotTouched() {
    request.prepareFlush();
    request.begin();
    assertThatThrownBy(request::prepareFlush).isInstanceOf(AssertionError.class);
    assertThatThrownBy(request::begin).isInstanceOf(AssertionError.class);
  }

  @Test
  void aCompletedRequestIsNeitherRetainedNorReleased() {
    request.prepareFlush();
    assertThatThrownBy(request::retain).isInstanceOf(AssertionError.class);
    assertThatThrownBy(new Recording()::release).isInstanceOf(AssertionError.class);
  }

  @Test
  void readsAndWritesHaveTheSizeOfTheirBuffer() {
    MemorySegment buffer = MemorySegment.ofArray(new byte[1536]);
    request.prepareRead(4096, buffer);
    assertThat(request.op()).isEqualTo(BlockOp.READ);
    assertThat(request.lengthBytes()).isEqualTo(1536);
    assertThat(request.buffer().pieces()).isOne();
    assertThat(request.buffer().memory(0)).isSameAs(buffer);
    request.prepareWrite(8192, buffer);
    request.completeWhenDurable();
    assertThat(request.op()).isEqualTo(BlockOp.WRITE);
    assertThat(request.offsetBytes()).isEqualTo(8192);
    assertThat(request.forceUnitAccess()).isTrue();
    request.preparePrefetch(512, 2048);
    assertThat(request.op()).isEqualTo(BlockOp.PREFETCH);
    assertThat(request.buffer().pieces()).isZero();
    assertThat(request.forceUnitAccess()).isFalse();
  }

  @Test
  void piecesOfAnyLengthsMakeOneBuffer() {
    MemorySegment memory = MemorySegment.ofArray(new byte[4096]);
    request.prepareRead(512);
    request.addPiece(memory, 100, 3);
    request.addPiece(memory, 7, 0);
    request.addPiece(memory, 3000, 509);
    assertThat(request.lengthBytes()).isEqualTo(512);
    assertThat(request.buffer().pieces()).isEqualTo(2);
    request.prepareWrite(0, memory, 512, 1024);
    request.completeWhenDurable();
    assertThat(request.lengthBytes()).isEqualTo(1024);
    assertThat(request.buffer().pieces()).isOne();
  }

  @Test
  void onlyReadsAndWritesTakePiecesAndNotInFlight() {
    MemorySegment memory = MemorySegment.ofArray(new byte[512]);
    request.prepareFlush();
    assertThatThrownBy(() -> request.addPiece(memory, 0, 512)).isInstanceOf(AssertionError.class);
    request.prepareRead(0);
    request.begin();
    assertThatThrownBy(() -> request.addPiece(memory, 0, 512)).isInstanceOf(AssertionError.class);
  }

  @Test
  void requestsInFlightAreCountedUntilTheirCompletionHasRun() {
    InFlightRequests inFlight = new InFlightRequests();
    assertThat(inFlight.count()).isZero();
    request.prepareFlush();
    request.begin(inFlight);
    assertThat(inFlight.count()).isOne();
    request.release();
    assertThat(inFlight.count()).isZero();
  }

  @Test
  void whoWaitsForNoneIsReleasedByTheLast() {
    InFlightRequests inFlight = new InFlightRequests();
    request.prepareFlush();
    request.begin(inFlight);
    Thread waiter = Thread.ofPlatform().daemon().start(inFlight::awaitNone);
    request.release();
    await().until(() -> !waiter.isAlive());
  }
}
