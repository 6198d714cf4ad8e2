package io.pcache.cli;

import java.io.PrintStream;
import java.util.function.ToIntFunction;

/**
 * What is done and said between the last client and the close of a cache: what stays in it, and
 * what ends with the process. The result is the exit code.
 */
final class LastReport implements ToIntFunction<ServedCache> {
  private final ToIntFunction<ServedCache> beforeClose;
  private final Stopping stopping;
  private final StopRequests stop;
  private final PrintStream err;

  /**
   * Prepares it.
   *
   * @param beforeClose what to do first; its result is an exit code
   * @param stopping learns what is left undone
   * @param err where people are told
   */
  LastReport(
      ToIntFunction<ServedCache> beforeClose,
      Stopping stopping,
      StopRequests stop,
      PrintStream err) {
    this.beforeClose = beforeClose;
    this.stopping = stopping;
    this.stop = stop;
    this.err = err;
  }

  @Override
  public int applyAsInt(ServedCache cache) {
    int exitCode = beforeClose.applyAsInt(cache);
    if (exitCode != 0) {
      stopping.leaves(exitCode);
    }
    Remainder remainder = new Remainder(cache.status());
    remainder.lines().forEach(this::say);
    if (!remainder.isLost()) {
      return exitCode;
    }
    stopping.leaves(remainder.lossExitCode());
    if (remainder.endsWithProcess()) {
      awaitRequest();
    }
    return remainder.lossExitCode();
  }

  /**
   * What nobody else has is given up only when asked for once more: until then it can be copied.
   */
  private void awaitRequest() {
    boolean wasAsked = stop.first().isDone();
    say(
        "waiting so that it can be copied; asking to stop%s ends this process, and it"
            .formatted(wasAsked ? " once more" : ""));
    (wasAsked ? stop.second() : stop.first()).join();
  }

  private void say(String line) {
    err.println(Printable.line("pcache: " + line));
  }
}
