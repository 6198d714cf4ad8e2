package io.pcache.cli;

import io.pcache.PcacheStatus;
import io.pcache.error.ErrorKind;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.ToIntFunction;

/**
 * Writes everything dirty back before a cache is closed, unless a second stop request gives that
 * up. The result is the exit code: 0 where the backing device alone has everything now.
 */
final class Drain implements ToIntFunction<ServedCache> {
  private final StopRequests stop;
  private final ProgressDisplay display;
  private final PrintStream err;

  Drain(StopRequests stop, ProgressDisplay display, PrintStream err) {
    this.stop = stop;
    this.display = display;
    this.err = err;
  }

  @Override
  public int applyAsInt(ServedCache cache) {
    long before = new Remainder(cache.status()).dirtyBytes();
    if (before > 0) {
      say(
          "writing back "
              + ByteSize.format(before)
              + "; Ctrl-C once more leaves the rest in the cache");
    }
    boolean ended = writeBack(cache);
    PcacheStatus after = cache.status();
    if (!ended) {
      return tellWhyNot(after);
    }
    if (!after.setAside().isEmpty()) {
      say("all but damaged data is written back");
      return ErrorKind.CORRUPT_MEDIA.exitCode();
    }
    if (before > 0) {
      say("everything is written back");
    }
    return 0;
  }

  /** Returns whether it ended by itself. */
  private boolean writeBack(ServedCache cache) {
    // On a thread of its own, because a drain that waits for a failing backing device waits for
    // long. Closing the cache ends it.
    Executor thread = task -> Thread.ofPlatform().name("pcache-drain").daemon(true).start(task);
    try (Progress progress = display.start("writing back")) {
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(
              () -> cache.drain((left, _) -> progress.at(ByteSize.format(left) + " left")), thread);
      CompletableFuture.anyOf(drained, stop.second()).join();
      return drained.isDone();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private int tellWhyNot(PcacheStatus after) {
    after.faults().forEach(this::say);
    say(
        "write-back given up; "
            + ByteSize.format(new Remainder(after).dirtyBytes())
            + " are not written back: serve with --drain once more"
            + (after.backingFails() ? " when the backing device works" : ""));
    if (after.backingFails()) {
      return ErrorKind.BACKING_FAILURE.exitCode();
    }
    return after.writeback().equals("stopped")
        ? ErrorKind.CORRUPT_MEDIA.exitCode()
        : Failure.EXIT_OTHER;
  }

  private void say(String line) {
    err.println(Printable.line("pcache: " + line));
  }
}
