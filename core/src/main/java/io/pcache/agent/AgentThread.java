package io.pcache.agent;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one {@link Agent} on one named thread: works while there is work, then dozes if the agent
 * wants to, and then sleeps until it is woken or its idle time is over. A step that throws is
 * logged and tried again after the idle time, so one fault never stops background work for good;
 * while it goes on throwing, one a minute is logged.
 *
 * <p>Thread-safety: {@link #wake()} and {@link #wakeSoon()} from any thread, {@link #close()} once.
 */
public final class AgentThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentThread.class);

  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final int AWAKE = 0;

  /** Awake, and going to doze and to look again before it sleeps. */
  private static final int BUSY = 1;

  private static final int WOKEN = 2;
  private static final int ASLEEP = 3;
  private static final int DOZING = 4;

  private final Agent agent;
  private final long idleNanos;
  private final Thread thread;
  private final AtomicInteger state = new AtomicInteger(AWAKE);
  private volatile boolean stopping;

  /** Steps in a row that have thrown. This and the next are the thread's own. */
  private long failures;

  private long lastLoggedNanos;

  private AgentThread(Agent agent, long idleNanos) {
    this.agent = agent;
    this.idleNanos = idleNanos;
    this.thread =
        Thread.ofPlatform().name("pcache-" + agent.name()).daemon(true).unstarted(this::run);
  }

  /**
   * Starts a thread for an agent.
   *
   * @param idleNanos how long to sleep after a step that found nothing to do, unless woken
   * @param wakeup what others wake the agent by
   */
  public static AgentThread start(Agent agent, long idleNanos, Wakeup wakeup) {
    AgentThread runner = start(agent, idleNanos);
    wakeup.attach(runner);
    return runner;
  }

  /**
   * Starts a thread for an agent that is woken by {@link #wake()} only.
   *
   * @param idleNanos how long to sleep after a step that found nothing to do, unless woken
   */
  public static AgentThread start(Agent agent, long idleNanos) {
    AgentThread runner = new AgentThread(agent, idleNanos);
    runner.thread.start();
    return runner;
  }

  /**
   * Asks for a step soon. Costs a read where that has been asked for already, and a system call
   * only where the thread sleeps; may be called from completions.
   */
  public void wake() {
    // Whoever reads WOKEN reads it before the thread takes note of it, and that before it looks for
    // work: so it finds what the caller has left for it.
    if (state.get() != WOKEN && state.getAndSet(WOKEN) >= ASLEEP) {
      LockSupport.unpark(thread);
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

  /** Lets the current step finish, then ends the thread, and does not wait for it. */
  public void end() {
    stopping = true;
    wake();
  }

  /** Lets the current step finish, then ends the thread and waits for it. */
  @Override
  public void close() {
    stopping = true;
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!stopping) {
      if (step() > 0) {
        noteWork();
      } else {
        rest();
      }
    }
  }

  /** Whatever it was woken for so far, the next step sees it. */
  private void noteWork() {
    if (state.get() != BUSY && agent.dozeNanos() > 0) {
      state.set(BUSY);
    }
  }

  private int step() {
    try {
      int done = agent.doWork();
      failures = 0;
      return done;
    } catch (RuntimeException | Error e) {
      noteFailure(e);
      return 0;
    }
  }

  private void noteFailure(Throwable cause) {
    failures++;
    long now = System.nanoTime();
    if (failures == 1 || now - lastLoggedNanos >= LOG_EVERY_NANOS) {
      lastLoggedNanos = now;
      LOG.error(
          "{} failed for the {}. time and will be tried again", agent.name(), failures, cause);
    }
  }

  private void rest() {
    if (state.get() == BUSY) {
      sleep(BUSY, DOZING, agent.dozeNanos());
    } else {
      sleep(AWAKE, ASLEEP, idleNanos);
    }
  }

  private void sleep(int from, int to, long nanos) {
    if (state.compareAndSet(from, to)) {
      long start = System.nanoTime();
      long leftNanos = nanos;
      while (state.get() == to && !stopping && leftNanos > 0) {
        LockSupport.parkNanos(this, leftNanos);
        leftNanos = nanos - (System.nanoTime() - start);
        if (Thread.interrupted()) {
          LOG.warn("{}: an interrupt is not how an agent is stopped; ignored", agent.name());
        }
      }
    }
    state.set(AWAKE);
  }
}
