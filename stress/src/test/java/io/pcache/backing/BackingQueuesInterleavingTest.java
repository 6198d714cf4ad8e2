package io.pcache.backing;

import io.pcache.stress.Interleavings;
import java.util.ArrayDeque;
import java.util.List;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The parts of which the backing device's queues are made. */
class BackingQueuesInterleavingTest {
  @Test
  void aQueueGivesEachRequestOnceAndInOrder() {
    Interleavings.tryAll(Queue.class);
  }

  @Test
  void aPoolGivesARequestToOneAtATime() {
    Interleavings.tryAll(Pool.class);
  }

  @Test
  void aGateThatIsClosedHasNothingInFlight() {
    Interleavings.tryAll(Gate.class);
  }

  private static BackingRequest[] requests(int count) {
    BackingRequest[] requests = new BackingRequest[count];
    for (int i = 0; i < count; i++) {
      requests[i] = new BackingRequest(request -> {}, new ReadBuffers(4096, 0));
    }
    return requests;
  }

  private static int indexOf(BackingRequest[] requests, @Nullable BackingRequest wanted) {
    for (int i = 0; i < requests.length; i++) {
      if (requests[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  /** A queue, with requests named by number. */
  public static final class Queue {
    private final RequestQueue queue = new RequestQueue();
    private final BackingRequest[] requests = requests(3);
    private final ArrayDeque<Integer> idle = new ArrayDeque<>(List.of(0, 1, 2));

    /** Adds a request that is in no queue. Answers which. */
    @Operation
    public int add() {
      Integer next;
      synchronized (idle) {
        next = idle.pollFirst();
      }
      if (next == null) {
        return -1;
      }
      queue.add(requests[next]);
      return 0;
    }

    /** Takes the oldest. Answers whether there was one. */
    @Operation
    public boolean poll() {
      int taken = indexOf(requests, queue.poll());
      if (taken >= 0) {
        synchronized (idle) {
          idle.addLast(taken);
        }
      }
      return taken >= 0;
    }
  }

  /** A pool of one request. */
  public static final class Pool {
    private final BackingRequest[] requests = requests(1);
    private final RequestPool pool = new RequestPool(1, 0, () -> requests[0]);
    private volatile boolean inUse;

    /** Uses the request. Answers whether nobody else did. */
    @Operation
    public boolean use() {
      BackingRequest request = pool.poll(RequestPurpose.READ_MISS);
      while (request == null) {
        pool.awaitReturn(RequestPurpose.READ_MISS);
        request = pool.poll(RequestPurpose.READ_MISS);
      }
      boolean alone = !inUse;
      inUse = true;
      inUse = false;
      pool.put(request);
      return alone;
    }
  }

  /** A gate that closes. */
  public static final class Gate {
    private final InFlightGate gate = new InFlightGate();
    private volatile boolean closed;

    /**
     * A submission. Answers whether it was let in, and -1 where it was and should not have been.
     */
    @Operation
    public int pass() {
      boolean admitted = gate.enter() == InFlightGate.Admission.ADMITTED;
      int answer = !admitted ? 0 : closed ? -1 : 1;
      gate.leave();
      return answer;
    }

    /** Closes. Answers whether it was the first to. */
    @Operation
    public boolean close() {
      boolean first = gate.startClosing();
      do {
        gate.awaitIdle();
      } while (!gate.finishClosing());
      closed = true;
      return first;
    }
  }
}
