package io.pcache.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * What is shown of one long piece of work: nothing for the first two seconds; then, on a terminal,
 * one line that is rewritten in place, elsewhere a line every few seconds.
 *
 * <p>Not thread-safe.
 */
final class ProgressLine {
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintStream err;
  private final boolean terminal;
  private final String what;
  private long nextLineNanos = QUIET_NANOS;
  private boolean shown;

  ProgressLine(PrintStream err, boolean terminal, String what) {
    this.err = err;
    this.terminal = terminal;
    this.what = Printable.line(what);
  }

  /**
   * Brings the display up to date.
   *
   * @param elapsedNanos since the work began; never less than the last time
   * @param position how far it is; may be empty
   */
  void update(long elapsedNanos, String position) {
    if (elapsedNanos < nextLineNanos) {
      return;
    }
    String line = "pcache: " + what + (position.isEmpty() ? "" : ": " + position);
    String text = line + " (" + TimeUnit.NANOSECONDS.toSeconds(elapsedNanos) + " s)";
    if (terminal) {
      err.print(ERASE_LINE + text);
    } else {
      err.println(text);
      nextLineNanos = elapsedNanos + LINE_EVERY_NANOS;
    }
    err.flush();
    shown = true;
  }

  /** Leaves a terminal as if nothing had been shown. */
  void end() {
    if (shown && terminal) {
      err.print(ERASE_LINE);
      err.flush();
    }
  }
}
