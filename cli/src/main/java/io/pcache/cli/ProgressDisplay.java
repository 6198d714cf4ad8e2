package io.pcache.cli;

import java.io.PrintStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Shows people that long work goes on. Thread-safe. */
final class ProgressDisplay {
  private static final long UPDATE_EVERY_MILLIS = 500;

  private final PrintStream err;
  private final boolean terminal;

  ProgressDisplay(PrintStream err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  /**
   * The display on stderr; the launcher tells whether that is a terminal, which Java cannot find
   * out.
   */
  static ProgressDisplay onStandardError() {
    return new ProgressDisplay(System.err, Boolean.getBoolean("pcache.stderr.terminal"));
  }

  /** Begins to show a piece of work. */
  Progress start(String what) {
    return new Running(new ProgressLine(err, terminal, what));
  }

  /** One line, brought up to date by a thread of its own until it is closed. */
  private static final class Running implements Progress {
    private final ProgressLine line;
    private final long startNanos = System.nanoTime();
    private final ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("pcache-progress").daemon(true).factory());
    private volatile String position = "";

    Running(ProgressLine line) {
      this.line = line;
      var _ =
          clock.scheduleAtFixedRate(
              () -> line.update(System.nanoTime() - startNanos, position),
              UPDATE_EVERY_MILLIS,
              UPDATE_EVERY_MILLIS,
              TimeUnit.MILLISECONDS);
    }

    @Override
    public void at(String newPosition) {
      position = newPosition;
    }

    @Override
    public void close() {
      // Closing the executor waits for an update in progress, so that nothing is written after the
      // line's end.
      clock.close();
      line.end();
    }
  }
}
