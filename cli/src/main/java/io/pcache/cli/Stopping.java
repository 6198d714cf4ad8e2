package io.pcache.cli;

import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.error.PcacheException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stop that is under way: how patient it is, and what it waits for, as stderr and status tell.
 *
 * <p>Thread-safety: {@link #describe} and {@link #exitCodeUnfinished} from any thread, the rest
 * from the one that stops.
 */
final class Stopping {
  private final ProgressDisplay display;
  private final Patience patience;
  private @Nullable Progress shown;
  private volatile @Nullable ServedCache cache;
  private volatile String description = "";
  private volatile int exitCode = Failure.EXIT_OTHER;

  /**
   * Prepares for a stop.
   *
   * @param limit how long it waits while nothing moves
   */
  Stopping(Duration limit, ProgressDisplay display) {
    this.display = display;
    this.patience =
        new Patience(SystemClock.INSTANCE, limit.toNanos(), this::deviceProgress, this::waiting);
  }

  Patience patience() {
    return patience;
  }

  /** The stop begins. Its waits last as long as its devices get on. */
  void begin(ServedCache stopped) {
    cache = stopped;
    description = "stopping";
  }

  private long deviceProgress() {
    ServedCache stopped = cache;
    return stopped == null ? 0 : stopped.deviceProgress();
  }

  /** Something is left undone, which the exit code says however the process ends. */
  void leaves(int code) {
    exitCode = code;
  }

  /** With what the process ends where the stop does not come to its end. */
  int exitCodeUnfinished() {
    return exitCode;
  }

  /** Does a part of it, and shows what that waits for. */
  void during(Runnable part) {
    try (Progress progress = display.start("stopping")) {
      shown = progress;
      part.run();
    } catch (PcacheException e) {
      leaves(e.kind().exitCode());
      throw e;
    } finally {
      shown = null;
    }
  }

  private void waiting(String what, long quietNanos) {
    String now =
        "waits for %s; nothing has moved for %d s"
            .formatted(what, TimeUnit.NANOSECONDS.toSeconds(quietNanos));
    description = "stopping: " + now;
    Progress progress = shown;
    if (progress != null) {
      progress.at(now);
    }
  }

  /** What it is doing, empty before it began. */
  String describe() {
    return description;
  }
}
