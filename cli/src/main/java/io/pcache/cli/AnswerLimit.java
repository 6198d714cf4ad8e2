package io.pcache.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The time for all that it takes to get a daemon's answer. It is spent on a thread of its own: a
 * look at a path takes without end where the file system does not answer, and so does connecting
 * where nobody accepts.
 *
 * <p>Thread-safety: {@link #run} once; what is waited for is told by its work.
 */
final class AnswerLimit {
  private final Duration limit;
  private volatile Wait wait =
      new Wait("the daemon", "this machine has too much to do to look for it");

  /**
   * What is waited for.
   *
   * @param what does not answer where the time ends now
   * @param why that may be
   */
  private record Wait(String what, String why) {}

  AnswerLimit(Duration limit) {
    this.limit = limit;
  }

  /** From now on the daemon is asked on a socket. */
  void waitsForDaemon(Path socket) {
    wait =
        new Wait(
            socket.toString(),
            "the daemon stands still, has much to do, or cannot end because a device does not answer");
  }

  /**
   * From now on the file system of a path is asked.
   *
   * @param step what for, as what follows "while"
   */
  void waitsForFileSystem(Path path, String step) {
    wait =
        new Wait(
            path.toString(),
            "its file system or device does not answer, or this machine has too much to do, while "
                + step);
  }

  /**
   * Does some work within the limit.
   *
   * @throws CommandException where the time has ended, with what did not answer; the work's thread
   *     then still waits, and keeps no process from ending
   */
  <T extends @Nullable Object> T run(Callable<T> work) throws IOException {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon(true).name("pcache-control-client").start(task);
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      Wait last = wait;
      throw new CommandException(
          Failure.EXIT_NO_ANSWER,
          "%s: no answer in %d s; %s. Ask again, or wait longer with --timeout"
              .formatted(last.what, limit.toSeconds(), last.why));
    } catch (ExecutionException e) {
      throw rethrow(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + wait.what, e);
    }
  }

  private static IOException rethrow(@Nullable Throwable cause) {
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> throw new IllegalStateException(cause);
    };
  }
}
