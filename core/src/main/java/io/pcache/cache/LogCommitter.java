package io.pcache.cache;

import io.pcache.agent.Agent;
import io.pcache.agent.Clock;
import io.pcache.agent.Wakeup;
import io.pcache.block.BlockRequest;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes staged keys durable: for flushes and FUA writes, which share its syncs, for stages that
 * fill up, and for keys older than a second.
 *
 * <pre>
 *   take all staged keys ─▶ prepare key sets ─▶ sync: data and key sets ─▶ publish ─▶ sync ─▶ complete those who wait
 * </pre>
 *
 * <p>Where a sync does not wait for a device, whoever needs a commit runs it; else the agent's
 * thread does.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class LogCommitter implements Agent {
  /** The most keys that a stage may hold before new ones wait for the log. */
  private static final int MAX_STAGED_KEYS = 8 * KeySetRecord.MAX_KEYS;

  private static final long MAX_STAGED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * With less room than this in the log and no segment in reserve, no new key is let in: what is
   * staged still fits.
   */
  private static final int LOG_MARGIN_BYTES = 2 << 20;

  private final Media media;
  private final Stripes stripes;
  private final Segments segments;
  private final LogWriter writer;
  private final StagedKeysPool pool;
  private final CacheHealth health;
  private final DirtyAges ages;
  private final Clock clock;
  private final Wakeup ownWakeup;
  private final Wakeup writebackWakeup;
  private final Wakeup deferredWakeup;
  private final ReentrantLock commitLock = new ReentrantLock();
  private final ConcurrentLinkedQueue<BlockRequest> waiting = new ConcurrentLinkedQueue<>();
  private final List<StagedKeys> batch = new ArrayList<>();

  private volatile LogPosition durableHead;
  private volatile boolean backlog;
  private volatile boolean committing;
  private volatile boolean abandoned;
  private volatile long lastCommitNanos;

  LogCommitter(
      Media media,
      Stripes stripes,
      Segments segments,
      LogWriter writer,
      StagedKeysPool pool,
      CacheHealth health,
      DirtyAges ages,
      Clock clock,
      Wakeup ownWakeup,
      Wakeup writebackWakeup,
      Wakeup deferredWakeup) {
    this.media = media;
    this.stripes = stripes;
    this.segments = segments;
    this.writer = writer;
    this.pool = pool;
    this.health = health;
    this.ages = ages;
    this.clock = clock;
    this.ownWakeup = ownWakeup;
    this.writebackWakeup = writebackWakeup;
    this.deferredWakeup = deferredWakeup;
    this.durableHead = writer.head();
    this.lastCommitNanos = clock.nanoTime();
  }

  @Override
  public String name() {
    return "log-flusher";
  }

  /** Where the durable log ends. Write-back goes this far and no further. */
  LogPosition durableHead() {
    return durableHead;
  }

  /** Where the log ends, durable or not. */
  LogPosition head() {
    return writer.head();
  }

  /** Whether a key that is staged now will certainly find its place in the log. */
  boolean hasRoomForKeys() {
    return !backlog && (segments.hasLogReserve() || writer.roomBytes() >= LOG_MARGIN_BYTES);
  }

  /**
   * Completes a request, on which the caller hands over a reference, when everything staged before
   * is durable.
   */
  void commitThenRelease(BlockRequest request) {
    waiting.add(request);
    runOrWake();
  }

  /**
   * The same for a caller that waits anyway: the commit runs on its thread, unless another is at
   * it.
   */
  void commitHere(BlockRequest request) {
    waiting.add(request);
    var _ = commitWhile(false);
  }

  /**
   * A stage has taken another key and holds {@code stagedKeys} now: full key sets are committed,
   * and where it has taken more than it should, no new keys are let in before they are.
   */
  void keyStaged(int stagedKeys) {
    if (stagedKeys >= MAX_STAGED_KEYS) {
      backlog = true;
      runOrWake();
    } else if (stagedKeys % KeySetRecord.MAX_KEYS == 0) {
      runOrWake();
    }
  }

  /** Whether keys have left their stages and are not in the durable log yet. */
  boolean isCommitting() {
    return committing;
  }

  private void runOrWake() {
    if (media.syncMayBlock() && !abandoned) {
      ownWakeup.wake();
    } else {
      var _ = commitWhile(true);
    }
  }

  /** Nobody steps this agent any more: requests that wait, now or later, are served by who asks. */
  void abandon() {
    abandoned = true;
    var _ = commitWhile(false);
  }

  @Override
  public int doWork() {
    boolean old = clock.nanoTime() - lastCommitNanos >= MAX_STAGED_NANOS;
    return commitWhile(backlog || stripes.hasFullStage() || (old && stripes.hasStagedKeys()));
  }

  /**
   * Commits once if that is due, and on as long as requests wait, unless another thread is at it
   * and will see them.
   */
  private int commitWhile(boolean due) {
    int commits = 0;
    boolean first = due;
    while (first || !waiting.isEmpty()) {
      first = false;
      if (!commitLock.tryLock()) {
        return commits;
      }
      List<BlockRequest> served = new ArrayList<>();
      PcacheException failure;
      try {
        failure = commit(served);
      } catch (Error e) {
        complete(served, logLost(e));
        throw e;
      } finally {
        commitLock.unlock();
      }
      // Outside the lock: a completion may submit the next flush.
      complete(served, failure);
      commits++;
    }
    return commits;
  }

  private @Nullable PcacheException commit(List<BlockRequest> served) {
    for (BlockRequest request = waiting.poll(); request != null; request = waiting.poll()) {
      served.add(request);
    }
    PcacheException refusal = health.writeRefusal();
    if (refusal != null) {
      return refusal;
    }
    try {
      commitStages();
      return null;
    } catch (PcacheException e) {
      health.logFailed(e);
      return e;
    } catch (RuntimeException e) {
      return logLost(e);
    }
  }

  /** Whatever went wrong, the log's state is not known any more, and those who wait are told. */
  private PcacheException logLost(Throwable cause) {
    MediaFailureException failure =
        new MediaFailureException("the log could not be written: " + cause, cause);
    health.logFailed(failure);
    return failure;
  }

  private void commitStages() {
    boolean hadBacklog = backlog;
    // Before the stages are emptied: who reports a backlog from now on is seen by the next commit.
    backlog = false;
    committing = true;
    try {
      stripes.drainStages(batch);
      lastCommitNanos = clock.nanoTime();
      if (!batch.isEmpty()) {
        commitBatch();
      }
    } finally {
      committing = false;
    }
    if (hadBacklog) {
      deferredWakeup.wake();
    }
  }

  private void commitBatch() {
    ages.dirtied();
    writer.prepare(batch);
    media.sync();
    writer.publish();
    media.sync();
    durableHead = writer.head();
    batch.forEach(pool::give);
    batch.clear();
    writebackWakeup.wake();
  }

  private static void complete(List<BlockRequest> served, @Nullable PcacheException failure) {
    for (BlockRequest request : served) {
      if (failure != null) {
        request.fail(failure);
      }
      request.release();
    }
  }
}
