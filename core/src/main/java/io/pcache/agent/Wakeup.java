package io.pcache.agent;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How one part of the engine asks for an agent's attention without knowing what runs it, and how
 * the agent's thread waits for that. Before a thread is attached, and after it is gone, a wake-up
 * does nothing: whoever steps the agent by hand sees the work by itself.
 *
 * <pre>
 *          worked               has nothing to do
 *   AWAKE ────────▶ BUSY ────────────────────────▶ DOZING ──▶ AWAKE
 *     │                  has nothing to do
 *     └───────────────────────────────────────────▶ ASLEEP ──▶ AWAKE
 *   WOKEN, from each of these: the next wait does not wait
 * </pre>
 *
 * <p>Thread-safety: {@link #wake} and {@link #wakeSoon} from any thread, the rest from the agent's.
 */
public final class Wakeup {
  private static final Logger LOG = LoggerFactory.getLogger(Wakeup.class);

  private static final int AWAKE = 0;

  /** Awake, and going to doze and to look again before it sleeps. */
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
   * Asks for a step soon. Costs a read where that has been asked for already, and a system call
   * only where the thread sleeps; may be called from completions.
   */
  public void wake() {
    Thread current = thread;
    // Whoever reads WOKEN reads it before the thread takes note of it, and that before it looks for
    // work: so it finds what the caller has left for it.
    if (current != null && state.get() != WOKEN && state.getAndSet(WOKEN) >= ASLEEP) {
      LockSupport.unpark(current);
    }
  }

  /**
   * Asks for a step that is in no hurry: an agent that dozes, or is going to, looks by itself
   * before long, and this costs a read.
   */
  public void wakeSoon() {
    int now = state.get();
    if (now != DOZING && now != BUSY) {
      wake();
    }
  }

  /** A step has worked, and the agent dozes before it sleeps. */
  void noteWork() {
    if (state.get() != BUSY) {
      state.set(BUSY);
    }
  }

  /**
   * A step has found nothing to do: waits until it is woken, or its time is over. Whatever it was
   * woken for so far, the next step sees it.
   *
   * @param dozeNanos how long where steps have worked since the last wait
   * @param idleNanos how long else
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
