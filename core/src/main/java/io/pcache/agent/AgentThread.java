package io.pcache.agent;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one {@link Agent} on one named thread: works while there is work, then sleeps until it is
 * woken or its idle time is over. A step that throws is logged and tried again after the idle time,
 * so one fault never stops background work for good.
 *
 * <p>Thread-safety: {@link #wake()} from any thread, {@link #close()} once.
 */
public final class AgentThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentThread.class);

  private static final int AWAKE = 0;
  private static final int WOKEN = 1;
  private static final int ASLEEP = 2;

  private final Agent agent;
  private final long idleNanos;
  private final Thread thread;
  private final AtomicInteger state = new AtomicInteger(AWAKE);
  private volatile boolean stopping;

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
    if (state.get() != WOKEN && state.getAndSet(WOKEN) == ASLEEP) {
      LockSupport.unpark(thread);
    }
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
      if (step() == 0) {
        sleep();
      }
    }
  }

  private int step() {
    try {
      return agent.doWork();
    } catch (RuntimeException | Error e) {
      LOG.error("{} failed and will be tried again", agent.name(), e);
      return 0;
    }
  }

  private void sleep() {
    if (state.compareAndSet(AWAKE, ASLEEP)) {
      long start = System.nanoTime();
      long leftNanos = idleNanos;
      while (state.get() == ASLEEP && !stopping && leftNanos > 0) {
        LockSupport.parkNanos(this, leftNanos);
        leftNanos = idleNanos - (System.nanoTime() - start);
        if (Thread.interrupted()) {
          LOG.warn("{}: an interrupt is not how an agent is stopped; ignored", agent.name());
        }
      }
    }
    state.set(AWAKE);
  }
}
