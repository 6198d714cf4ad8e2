package io.pcache.agent;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one {@link Agent} on one named thread. The thread works while there is work. Then it dozes
 * if the agent asks for that. After that it sleeps until it is woken or its idle time is over.
 *
 * <p>If a step throws, the thread logs the failure, waits as after an idle step, and tries again.
 * So a fault never stops background work for good. While steps continue to throw, the thread logs
 * one failure a minute.
 *
 * <p>Thread-safety: {@link #wake()} and {@link #end()} may be called from any thread. {@link
 * #close()} is called once.
 */
public final class AgentThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentThread.class);

  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Agent agent;
  private final long idleNanos;
  private final Wakeup wakeup;
  private final Thread thread;
  private volatile boolean stopping;

  /** Consecutive steps that have thrown. Only the thread itself uses this field and the next. */
  private long failures;

  private long lastLoggedNanos;

  private AgentThread(Agent agent, long idleNanos, Wakeup wakeup) {
    this.agent = agent;
    this.idleNanos = idleNanos;
    this.wakeup = wakeup;
    this.thread =
        Thread.ofPlatform().name("pcache-" + agent.name()).daemon(true).unstarted(this::run);
  }

  /**
   * Starts a thread for an agent.
   *
   * @param idleNanos how long to sleep after a step that found nothing to do, unless woken
   * @param wakeup the wake-up through which others wake the agent
   */
  public static AgentThread start(Agent agent, long idleNanos, Wakeup wakeup) {
    AgentThread runner = new AgentThread(agent, idleNanos, wakeup);
    wakeup.attach(runner.thread);
    runner.thread.start();
    return runner;
  }

  /**
   * Starts a thread for an agent that only {@link #wake()} wakes.
   *
   * @param idleNanos how long to sleep after a step that found nothing to do, unless woken
   */
  public static AgentThread start(Agent agent, long idleNanos) {
    return start(agent, idleNanos, new Wakeup());
  }

  /** See {@link Wakeup#wake}. */
  public void wake() {
    wakeup.wake();
  }

  /** Ends the thread after the current step. Does not wait for it. */
  public void end() {
    stopping = true;
    wake();
  }

  /** Ends the thread after the current step, and waits for it. */
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
        wakeup.await(agent.dozeNanos(), idleNanos);
      } else if (agent.dozeNanos() > 0) {
        wakeup.noteWork();
      }
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
}
