package io.pcache.nbd;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import io.pcache.error.ClosedException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device that has no room: writes wait until the test makes some, and those of a client that is
 * gone are dropped. Everything else completes on the submitting thread.
 */
final class FullDevice extends RamDevice implements AutoCloseable {
  private final List<BlockRequest> waiting = new ArrayList<>();
  private final Thread worker;
  private int written;
  private int dropped;
  private boolean hasRoom;
  private boolean closed;

  FullDevice(long sizeBytes) {
    super(sizeBytes);
    worker = Thread.ofPlatform().name("full-device").daemon(true).start(this::work);
  }

  @Override
  public void submit(BlockRequest request) {
    switch (request.op()) {
      case WRITE, WRITE_ZEROES -> enqueue(request);
      default -> super.submit(request);
    }
  }

  private synchronized void enqueue(BlockRequest request) {
    request.begin();
    waiting.add(request);
    notifyAll();
  }

  @Override
  public synchronized void sourceClosed(RequestSource source) {
    notifyAll();
  }

  synchronized void makeRoom() {
    hasRoom = true;
    notifyAll();
  }

  synchronized int waitingCount() {
    return waiting.size();
  }

  synchronized int writtenCount() {
    return written;
  }

  synchronized int droppedCount() {
    return dropped;
  }

  private void work() {
    for (BlockRequest request = next(); request != null; request = next()) {
      finish(request);
      request.release();
    }
  }

  private synchronized void finish(BlockRequest request) {
    if (request.isOrphaned()) {
      dropped++;
      request.fail(new ClosedException("the client was gone"));
    } else {
      written++;
      carryOut(request);
    }
  }

  private synchronized @Nullable BlockRequest next() {
    try {
      BlockRequest next = takeReady();
      while (next == null && !closed) {
        wait();
        next = takeReady();
      }
      return next;
    } catch (InterruptedException e) {
      return null;
    }
  }

  private @Nullable BlockRequest takeReady() {
    Iterator<BlockRequest> all = waiting.iterator();
    while (all.hasNext()) {
      BlockRequest request = all.next();
      if (hasRoom || request.isOrphaned()) {
        all.remove();
        return request;
      }
    }
    return null;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    Threads.joinUninterruptibly(worker);
  }
}
