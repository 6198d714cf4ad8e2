package io.pcache.nbd;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers the requests of one connection that were completed by other threads than the connection's
 * own. It has its thread, because a client that takes no replies blocks whoever sends them, and
 * that must never be the device's completion worker, which serves every client.
 *
 * <p>Thread-safety: {@link #offer} from any thread; {@link #finish} from the connection's thread.
 */
final class ReplySender {
  private final ReplyWriter writer;
  private final RequestPool pool;
  private final Runnable onBroken;
  private final Consumer<Throwable> onFault;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable NbdRequest first;
  private @Nullable NbdRequest last;
  private boolean finishing;

  /**
   * @param onBroken called when the client cannot be reached any more
   * @param onFault called when a reply cannot be encoded
   */
  ReplySender(
      String name,
      ReplyWriter writer,
      RequestPool pool,
      Runnable onBroken,
      Consumer<Throwable> onFault) {
    this.writer = writer;
    this.pool = pool;
    this.onBroken = onBroken;
    this.onFault = onFault;
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /**
   * Takes over a completed request; false if nothing is sent any more, and the request stays the
   * caller's.
   */
  boolean offer(NbdRequest request) {
    lock.lock();
    try {
      if (finishing) {
        return false;
      }
      enqueue(request);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void enqueue(NbdRequest request) {
    request.next = null;
    NbdRequest tail = last;
    last = request;
    if (tail == null) {
      first = request;
      changed.signal();
    } else {
      tail.next = request;
    }
  }

  /**
   * Answers what it has, then ends the thread and waits for it. Closing the channel before makes
   * that immediate.
   */
  void finish() {
    lock.lock();
    try {
      finishing = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    Threads.joinUninterruptibly(thread);
  }

  private void run() {
    boolean reachable = true;
    for (NbdRequest batch = takeAll(); batch != null; batch = takeAll()) {
      reachable = reachable ? answerAll(batch) : dropAll(batch);
    }
  }

  private @Nullable NbdRequest takeAll() {
    lock.lock();
    try {
      while (first == null && !finishing) {
        changed.awaitUninterruptibly();
      }
      NbdRequest batch = first;
      first = null;
      last = null;
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the client can still be reached. */
  private boolean answerAll(NbdRequest batch) {
    boolean stillReachable = true;
    NbdRequest request = batch;
    while (request != null) {
      NbdRequest following = request.next;
      stillReachable = stillReachable && answer(request);
      pool.give(request);
      request = following;
    }
    return stillReachable && flush();
  }

  private boolean dropAll(NbdRequest batch) {
    for (NbdRequest next = batch; next != null; ) {
      NbdRequest request = next;
      next = request.next;
      pool.give(request);
    }
    return false;
  }

  private boolean answer(NbdRequest request) {
    try {
      writer.reply(request);
      return true;
    } catch (IOException e) {
      onBroken.run();
      return false;
    } catch (RuntimeException | Error e) {
      onFault.accept(e);
      return false;
    }
  }

  private boolean flush() {
    try {
      writer.flush();
      return true;
    } catch (IOException e) {
      onBroken.run();
      return false;
    }
  }
}
