package io.pcache.block;

import io.pcache.error.BackingFailureException;
import io.pcache.error.PcacheException;
import io.pcache.stress.Interleavings;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A request with several parts completes once, after the last of them, with a failure. */
class BlockRequestInterleavingTest {
  @Test
  void theLastPartCompletesTheRequest() {
    Interleavings.tryAll(Parts.class);
  }

  @Test
  void noneIsInFlightOnlyWhereNoneIs() {
    Interleavings.tryAll(InFlight.class);
  }

  /** A request with as many parts as a scenario has operations. */
  public static final class Parts {
    private static final int PARTS = 5;
    private final Counting request = new Counting();

    /** A request in flight. */
    public Parts() {
      request.prepareFlush();
      request.begin();
      for (int i = 1; i < PARTS; i++) {
        request.retain();
      }
    }

    /** A part fails; answers how many parts were still out when the request completed, or -1. */
    @Operation
    public int failPart() {
      request.fail(new BackingFailureException("a part"));
      request.partsDone.incrementAndGet();
      request.release();
      return request.partsDoneAtCompletion;
    }
  }

  private static final class Counting extends BlockRequest {
    private final AtomicInteger partsDone = new AtomicInteger();
    private volatile int partsDoneAtCompletion = -1;

    @Override
    protected void completed(@Nullable PcacheException cause) {
      boolean again = partsDoneAtCompletion != -1;
      partsDoneAtCompletion = again || cause == null ? -2 : partsDone.get();
    }
  }

  /** Requests that come and go. */
  public static final class InFlight {
    private final InFlightRequests inFlight = new InFlightRequests();

    /** A whole request. Answers whether it was counted while it ran. */
    @Operation
    public boolean carryOut() {
      inFlight.started();
      boolean counted = inFlight.count() > 0;
      inFlight.finished();
      return counted;
    }
  }
}
