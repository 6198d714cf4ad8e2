package io.pcache.cache.destage;

import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.Backoff;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/**
 * How the last attempt of write-back ended, and when the next one may begin. It keeps the fault of
 * write-back in status accordingly.
 *
 * <pre>
 *   GOOD ──a write or flush failed──▶ FAILED ──success──▶ GOOD
 *    └──the log is unreadable──▶ STOPPED ──readable again──▶ GOOD
 * </pre>
 *
 * <p>Thread-safety: write-back's thread, except {@link #outcome} from any.
 */
public final class WritebackRetries {
  /** How the last attempt ended. */
  enum Outcome {
    GOOD,
    FAILED,
    STOPPED
  }

  /** The name of write-back in status. */
  static final String NAME = "write-back";

  private final CacheHealth health;
  private final Backoff backoff;
  private String lastFailure = "";
  private volatile Outcome outcome = Outcome.GOOD;

  /** Creates the state of a write-back that has not failed. */
  public WritebackRetries(CacheHealth health, Backoff backoff) {
    this.health = health;
    this.backoff = backoff;
  }

  /** Returns how the last attempt ended. */
  Outcome outcome() {
    return outcome;
  }

  /** Returns whether the next attempt is not due yet. */
  boolean isWaiting() {
    return backoff.isWaiting();
  }

  /** A write or a flush failed. The same writes are tried again later. */
  void failed(@Nullable PcacheException cause) {
    lastFailure = cause == null ? "failed" : String.valueOf(cause.getMessage());
    String fault = lastFailure + "; tried again with growing pauses";
    if (outcome == Outcome.GOOD) {
      health.report(NAME, fault);
      outcome = Outcome.FAILED;
    } else {
      // Each retry may fail at a different place.
      health.reportAgain(NAME, fault);
    }
    backoff.failed();
  }

  /** The log cannot be read. It is tried again, in case it becomes readable. */
  void stopped(String why) {
    lastFailure = why;
    health.report(NAME, why + " and tries again");
    outcome = Outcome.STOPPED;
    backoff.failed();
  }

  /** The log can be read. That ends a stop, but not the pauses after failed writes. */
  void couldRead() {
    if (outcome == Outcome.STOPPED) {
      succeeded();
    }
  }

  /** An attempt succeeded. */
  void succeeded() {
    if (outcome != Outcome.GOOD) {
      outcome = Outcome.GOOD;
      health.clear(NAME);
      backoff.reset();
    }
  }

  /** Nothing is tried again once the cache device has failed, and status must not say so. */
  void endWithCacheDevice() {
    if (backoff.isActive() && health.hasFailed()) {
      backoff.reset();
      health.report(NAME, lastFailure);
    }
  }
}
