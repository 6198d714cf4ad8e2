package io.pcache.cli;

import io.pcache.PcacheStatus;
import io.pcache.agent.Patience;
import io.pcache.error.ErrorKind;
import io.pcache.error.PcacheException;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes everything dirty back before a cache is closed, unless a second stop request gives that
 * up, or nothing is written for too long. The result is the exit code: 0 where the backing device
 * alone has everything now.
 */
final class Drain implements ToIntFunction<ServedCache> {
  private final Occasion occasion;
  private final CompletableFuture<Void> givenUp;
  private final Patience patience;
  private final ProgressDisplay display;
  private final PrintStream err;

  /**
   * Prepares a drain.
   *
   * @param givenUp done once the operator wants no more of it
   * @param patience how long it goes on while nothing is written back
   */
  Drain(
      Occasion occasion,
      CompletableFuture<Void> givenUp,
      Patience patience,
      ProgressDisplay display,
      PrintStream err) {
    this.occasion = occasion;
    this.givenUp = givenUp;
    this.patience = patience;
    this.display = display;
    this.err = err;
  }

  /** When a cache is drained. */
  enum Occasion {
    /** A daemon stops: the request for that has come already. */
    STOP("Ctrl-C once more", "serve with --drain once more"),

    /** By a command of its own. */
    COMMAND("Ctrl-C", "drain once more");

    private final String howToGiveUp;
    private final String howToGoOn;

    Occasion(String howToGiveUp, String howToGoOn) {
      this.howToGiveUp = howToGiveUp;
      this.howToGoOn = howToGoOn;
    }
  }

  /** How a drain ended. */
  private enum End {
    BY_ITSELF,
    GIVEN_UP,
    /** Nothing was written back for too long. */
    STOOD_STILL
  }

  @Override
  public int applyAsInt(ServedCache cache) {
    long before = new Remainder(cache.status()).dirtyBytes();
    if (before > 0) {
      say(
          "writing back "
              + ByteSize.format(before)
              + "; "
              + occasion.howToGiveUp
              + " leaves the rest in the cache");
    }
    End end = writeBack(cache);
    PcacheStatus after = cache.status();
    if (end != End.BY_ITSELF) {
      return tellWhyNot(end, after, cache.unanswered());
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

  private End writeBack(ServedCache cache) {
    // On a thread of its own, because a drain that waits for a failing backing device waits for
    // long. Closing the cache ends it.
    TransferRate rate = new TransferRate(System::nanoTime);
    Executor thread = task -> Thread.ofPlatform().name("pcache-drain").daemon(true).start(task);
    try (Progress progress = display.start("writing back")) {
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(
              () -> cache.drain((left, atStart) -> progress.at(rate.describe(left, atStart))),
              thread);
      boolean over =
          patience.await(
              // Not its requests: the drain makes some, whether anything is written back or not.
              "write-back", cache::deviceProgress, () -> drained.isDone() || givenUp.isDone());
      if (drained.isDone()) {
        drained.join();
        return End.BY_ITSELF;
      }
      return over ? End.GIVEN_UP : End.STOOD_STILL;
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private int tellWhyNot(End end, PcacheStatus after, @Nullable PcacheException unanswered) {
    after.faults().forEach(this::say);
    if (end == End.STOOD_STILL) {
      say("nothing was written back for " + patience.limitSeconds() + " s");
    }
    say(
        "write-back given up; "
            + ByteSize.format(new Remainder(after).dirtyBytes())
            + " are not written back: "
            + occasion.howToGoOn
            + (after.backingFails() ? " when the backing device works" : ""));
    if (unanswered != null) {
      return unanswered.kind().exitCode();
    }
    if (after.backingFails()) {
      return ErrorKind.BACKING_FAILURE.exitCode();
    }
    if (after.writeback().equals("stopped")) {
      return ErrorKind.CORRUPT_MEDIA.exitCode();
    }
    return end == End.STOOD_STILL ? ErrorKind.BACKING_FAILURE.exitCode() : Failure.EXIT_OTHER;
  }

  private void say(String line) {
    err.println(Printable.line("pcache: " + line));
  }
}
