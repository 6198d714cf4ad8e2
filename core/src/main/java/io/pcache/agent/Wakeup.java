package io.pcache.agent;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes an agent without knowing what runs it, and lets the agent's thread wait for that. A wake-up
 * has no effect before a thread is attached or after it has ended. Code that steps the agent itself
 * needs none: the next step sees the work.
 *
 * <pre>
 *          worked               has nothing to do
 *   AWAKE ────────▶ BUSY ────────────────────────▶ DOZING ──▶ AWAKE
 *     │                  has nothing to do
 *     └───────────────────────────────────────────▶ ASLEEP ──▶ AWAKE
 *   WOKEN, from each of these: the next wait does not wait
 * </pre>
 *
 * <p>Thread-safety: {@link #wake} and {@link #wakeSoon} may be called from any thread, all other
 * methods only from the agent's thread. {@link #attach} comes before that thread starts.
 */
public final class Wakeup {
  private static final Logger LOG = LoggerFactory.getLogger(Wakeup.class);

  private static final int AWAKE = 0;

  /** Awake. The agent will doze and check for work again before it sleeps. */
  private static final int BUSY = 1;

  private static final int WOKEN = 2;
  private static final int ASLEEP = 3;
  private static final int DOZING = 4;

  private final AtomicInteger state = new AtomicInteger(AWAKE);
  private volatile @Nullable Thread thread;

  /** Directs wake-ups to a thread. */
  void attach(Thread newThread) {
    thread = newThread;
  }

  /**
   * Asks for a step soon. If a step has been requested already, the call costs one read. It costs a
   * system call only if the thread sleeps or dozes. Completions may call it.
   */
  public void wake() {
    Thread current = thread;
    // The thread clears WOKEN before it looks for work. So if this reads WOKEN, the thread will
    // still find the work that the caller has left.
    if (current != null && state.get() != WOKEN && state.getAndSet(WOKEN) >= ASLEEP) {
      LockSupport.unpark(current);
    }
  }

  /**
   * Asks for a step without urgency. An agent that dozes, or is about to, checks for work shortly
   * anyway. The call then costs one read.
   */
  public void wakeSoon() {
    int now = state.get();
    if (now != DOZING && now != BUSY) {
      wake();
    }
  }

  /** Records that a step has worked, so that the agent dozes before it sleeps. */
  void noteWork() {
    if (state.get() != BUSY) {
      state.set(BUSY);
    }
  }

  /**
   * Waits after a step that found nothing to do, until a wake-up arrives or the time is over. The
   * next step sees the work of all earlier wake-ups.
   *
   * @param dozeNanos how long to wait if steps have worked since the last wait
   * @param idleNanos how long to wait otherwise
   */
  void await(long dozeNanos, long idleNanos) {
    if (state.get() == BUSY) {
      sleep(BUSY, DOZING, dozeNanos);
    } else {
      sleep(AWAKE, ASLEEP, idleNanos);
    }
  }

  private void sleep(int from, int to, long nanos) {
    if (state.compareAndSet(from, to)) {
      long start = System.nanoTime();
      long leftNanos = nanos;
      while (state.get() == to && leftNanos > 0) {
        LockSupport.parkNanos(this, leftNanos);
        leftNanos = nanos - (System.nanoTime() - start);
        if (Thread.interrupted()) {
          LOG.warn(
              "{}: an interrupt is not how an agent is stopped; ignored",
              Thread.currentThread().getName());
        }
      }
    }
    state.set(AWAKE);
  }
}
