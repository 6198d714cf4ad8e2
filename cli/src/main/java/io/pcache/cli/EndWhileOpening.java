package io.pcache.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * What a stop request does while the cache is being opened: the process ends at once, as if it had
 * been killed. Nothing is served yet, so nothing has to be stopped in order, and a device that does
 * not answer need not be waited for.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class EndWhileOpening {
  /** The exit code of a process that SIGTERM ends. */
  static final int EXIT_TERMINATED = 128 + 15;

  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final AtomicBoolean isOver = new AtomicBoolean();

  private EndWhileOpening() {}

  /** Prepares for a request, which may have come already. */
  static EndWhileOpening on(StopRequests stop, Launcher launcher, PrintStream err) {
    EndWhileOpening opening = new EndWhileOpening();
    var _ = stop.first().thenRun(() -> opening.end(launcher, err));
    return opening;
  }

  private void end(Launcher launcher, PrintStream err) {
    if (isOver.compareAndSet(false, true)) {
      launcher.ends(EXIT_TERMINATED);
      err.println("pcache: stopped while it opened the cache");
      var _ = Thread.ofPlatform().name("pcache-end").daemon(true).start(EndWhileOpening::halt);
      // The hooks write what was printed.
      System.exit(EXIT_TERMINATED);
    }
  }

  private static void halt() {
    long start = System.nanoTime();
    while (System.nanoTime() - start < GRACE_NANOS) {
      LockSupport.parkNanos(GRACE_NANOS);
    }
    Runtime.getRuntime().halt(EXIT_TERMINATED);
  }

  /** The cache is open: from now on a stop is made in order. */
  void over() {
    boolean unused = isOver.compareAndSet(false, true);
  }
}
