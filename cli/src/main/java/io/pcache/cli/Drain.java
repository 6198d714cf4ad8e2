package io.pcache.cli;

import io.pcache.PcacheStatus;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Writes everything dirty back before a cache is closed, unless a second stop request gives that
 * up.
 */
final class Drain implements Consumer<ServedCache> {
  private final StopRequests stop;
  private final ProgressDisplay display;
  private final PrintStream err;

  Drain(StopRequests stop, ProgressDisplay display, PrintStream err) {
    this.stop = stop;
    this.display = display;
    this.err = err;
  }

  @Override
  public void accept(ServedCache cache) {
    PcacheStatus before = cache.status();
    if (before.dirtyBytes() == 0) {
      return;
    }
    err.println(
        "pcache: writing back "
            + ByteSize.format(before.dirtyBytes())
            + "; Ctrl-C once more leaves the rest in the cache");
    // On a thread of its own, because a drain that waits for a failing backing device waits for
    // long. Closing the cache ends it.
    Executor thread = task -> Thread.ofPlatform().name("pcache-drain").daemon(true).start(task);
    try (Progress progress = display.start("writing back")) {
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(
              () -> cache.drain((left, _) -> progress.at(ByteSize.format(left) + " left")), thread);
      CompletableFuture.anyOf(drained, stop.second()).join();
      err.println(
          drained.isDone() ? "pcache: everything is written back" : "pcache: write-back given up");
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }
}
