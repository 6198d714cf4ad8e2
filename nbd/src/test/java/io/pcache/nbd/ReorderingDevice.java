package io.pcache.nbd;

import io.pcache.block.BlockRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Completes everything on threads of its own, in random order; can hold everything back. */
final class ReorderingDevice extends RamDevice implements AutoCloseable {
  private final List<BlockRequest> waiting = new ArrayList<>();
  private final List<Thread> workers = new ArrayList<>();
  private final Random random;
  private boolean held;
  private boolean closed;

  ReorderingDevice(long sizeBytes, int threads, long seed) {
    super(sizeBytes);
    random = new Random(seed);
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().name("completer-" + i).daemon(true).start(this::work));
    }
  }

  @Override
  public void submit(BlockRequest request) {
    request.begin();
    synchronized (this) {
      waiting.add(request);
      notifyAll();
    }
  }

  synchronized void hold() {
    held = true;
  }

  synchronized void letGo() {
    held = false;
    notifyAll();
  }

  synchronized int waitingCount() {
    return waiting.size();
  }

  private void work() {
    for (BlockRequest request = next(); request != null; request = next()) {
      carryOut(request);
      request.release();
    }
  }

  private synchronized @Nullable BlockRequest next() {
    try {
      while (!closed && (held || waiting.isEmpty())) {
        wait();
      }
    } catch (InterruptedException e) {
      return null;
    }
    return waiting.isEmpty() ? null : waiting.remove(random.nextInt(waiting.size()));
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    workers.forEach(Threads::joinUninterruptibly);
  }
}
