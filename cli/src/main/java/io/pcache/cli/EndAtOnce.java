package io.pcache.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What the second stop request does: whatever the process waits for, it ends, as if it had been
 * killed. That is safe: what was flushed is in the cache. What can still be done in order in a
 * second is done.
 */
final class EndAtOnce {
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private EndAtOnce() {}

  /** Prepares for a second request. */
  static void on(StopRequests stop, Stopping stopping, Launcher launcher, PrintStream err) {
    var _ =
        stop.second()
            .thenRunAsync(
                () -> end(stopping, launcher, err),
                end -> Thread.ofPlatform().name("pcache-end").daemon(true).start(end));
  }

  private static void end(Stopping stopping, Launcher launcher, PrintStream err) {
    long start = System.nanoTime();
    err.println("pcache: stopping at once");
    while (System.nanoTime() - start < GRACE_NANOS) {
      LockSupport.parkNanos(GRACE_NANOS);
    }
    int exitCode = stopping.exitCodeUnfinished();
    launcher.ends(exitCode);
    Runtime.getRuntime().halt(exitCode);
  }
}
