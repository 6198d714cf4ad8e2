package io.pcache.cache.commit;

import io.pcache.agent.Agent;
import io.pcache.agent.Clock;
import io.pcache.block.BlockRequest;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes staged keys durable: for flushes and FUA writes, which share its syncs, for stages that
 * fill up, for data that fills segments, and for keys older than a second.
 *
 * <p>It goes in steps of one sync. A group, which is all staged keys and all requests that wait at
 * that moment, or only the keys of full stages where nobody waits and a sync costs next to nothing,
 * is prepared in one step and published in the next, where the sync that makes it durable is also
 * that of the group behind it:
 *
 * <pre>
 *   step 1                    prepare A │ sync: A's data and key sets
 *   step 2      publish A  ─▶ prepare B │ sync: A's header, B's data and key sets ─▶ complete A
 *   step 3      publish B  ─▶ prepare C │ sync: B's header, C's data and key sets ─▶ complete B
 * </pre>
 *
 * <p>Where a sync does not wait for a device, or who asks waits anyway, whoever needs a commit runs
 * it; else the agent's thread does.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LogCommitter implements Agent {
  /** The most keys that a stage may hold before new ones wait for the log. */
  private static final int MAX_STAGED_KEYS = 8 * KeySetRecord.MAX_KEYS;

  private static final long MAX_STAGED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How long full stages are committed without the others: a staged key keeps the segment of its
   * data from coming free.
   */
  private static final long MAX_LEFT_BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

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
  private final AgentWakeups wakeups;
  private final ReentrantLock commitLock = new ReentrantLock();
  private final ConcurrentLinkedQueue<BlockRequest> waiting = new ConcurrentLinkedQueue<>();

  /** Whether a stage has taken more than it should. */
  private final AtomicBoolean backlog = new AtomicBoolean();

  /** Whether all stages are to be committed, full or not. */
  private final AtomicBoolean stagedAskedFor = new AtomicBoolean();

  /** Whether the stages that are full are to be committed. */
  private final AtomicBoolean fullAskedFor = new AtomicBoolean();

  /** What the next step publishes. This and what is in it need {@link #commitLock}. */
  private Group prepared = new Group();

  /** What the present step prepares. This and what is in it need {@link #commitLock}. */
  private Group arriving = new Group();

  /** Whether {@link #prepared} holds keys. */
  private volatile boolean unfinished;

  private volatile LogPosition durableHead;
  private volatile boolean committing;
  private volatile boolean abandoned;
  private volatile long allTakenNanos;

  /**
   * Goes on where the log ends.
   *
   * @param pool where staged keys come from
   * @param ages told of keys that become durable
   */
  public LogCommitter(
      CacheState cache,
      LogWriter writer,
      StagedKeysPool pool,
      DirtyAges ages,
      Clock clock,
      AgentWakeups wakeups) {
    this.media = cache.geometry().media();
    this.stripes = cache.stripes();
    this.segments = cache.segments();
    this.health = cache.health();
    this.writer = writer;
    this.pool = pool;
    this.ages = ages;
    this.clock = clock;
    this.wakeups = wakeups;
    this.durableHead = writer.head();
    this.allTakenNanos = clock.nanoTime();
  }

  @Override
  public String name() {
    return "log-committer";
  }

  /** Where the durable log ends. Write-back goes this far and no further. */
  public LogPosition durableHead() {
    return durableHead;
  }

  /**
   * Appends the keys that a killed process left in memory, durably and as one batch. Before the
   * first key is staged.
   */
  public void append(List<StagedKeys> survivors) {
    writer.prepare(survivors);
    media.sync();
    LogAddress present = writer.head().address();
    LogAddress next = writer.preparedHead().address();
    pool.record().willPublishAll(present, next, writer.preparedFirstWord());
    writer.publish();
    media.sync();
    durableHead = writer.head();
  }

  /** Where the log ends, durable or not. */
  public LogPosition head() {
    return writer.head();
  }

  /** How many key sets with keys have been published since the cache was opened. */
  public long publishedKeySets() {
    return writer.publishedKeySets();
  }

  /** Whether a key that is staged now will certainly find its place in the log. */
  public boolean hasRoomForKeys() {
    return !backlog.get() && (segments.hasLogReserve() || writer.roomBytes() >= LOG_MARGIN_BYTES);
  }

  /**
   * Completes a request, on which the caller hands over a reference, when everything staged before
   * is durable.
   */
  public void submit(BlockRequest request) {
    waiting.add(request);
    runOrWake();
  }

  /**
   * The same for a caller whose thread waits for the request anyway. Where nobody else has anything
   * to commit, that happens on its thread, which saves the hand-over to the agent and back. Where
   * others have, the agent serves all of them.
   */
  public void execute(BlockRequest request) {
    if (hasWork()) {
      submit(request);
    } else {
      executeHere(request);
    }
  }

  /**
   * The same for a caller that must not rely on the agent: the commit runs on its thread, unless
   * another is at it. What others need beyond that is left to the agent.
   */
  public void executeHere(BlockRequest request) {
    waiting.add(request);
    // The first step of its own takes the request, if nobody else has, and the second completes it.
    for (int i = 0; i < 2 && hasWork(); i++) {
      if (!step()) {
        return;
      }
    }
    if (hasWork()) {
      runOrWake();
    }
  }

  /**
   * A stage has taken another key and holds {@code stagedKeys} now, and the key's data begins at
   * {@code segOffsetBytes} of its segment. Full key sets are committed, and where the stage has
   * taken more than it should, no new keys are let in before they are. What begins a segment has
   * what is in those before committed, in time for them to come free.
   */
  public void keyStaged(int stagedKeys, int segOffsetBytes) {
    if (stagedKeys >= MAX_STAGED_KEYS) {
      backlog.set(true);
      runOrWake();
    } else if (stagedKeys % KeySetRecord.MAX_KEYS == 0) {
      fullAskedFor.set(true);
      runOrWake();
    }
    if (segOffsetBytes == 0) {
      commitStaged();
    }
  }

  /**
   * Commits what is staged though no stage is full: the keys of large writes fill none, and the
   * segments of their data could not come free.
   */
  public void commitStaged() {
    stagedAskedFor.set(true);
    runOrWake();
  }

  /** Whether keys have left their stages and are not in the durable log yet. */
  public boolean isCommitting() {
    return committing;
  }

  private void runOrWake() {
    if (media.syncMayBlock() && !abandoned) {
      wakeups.committer().wake();
    } else {
      commitAll();
    }
  }

  /** Nobody steps this agent any more: requests that wait, now or later, are served by who asks. */
  public void abandon() {
    abandoned = true;
    commitAll();
  }

  @Override
  public int doWork() {
    // What is staged when the log has failed stays there.
    if (!health.hasFailed()) {
      askForWhatIsDue();
    }
    return hasWork() && step() ? 1 : 0;
  }

  private void askForWhatIsDue() {
    if (sinceAllTakenNanos() >= MAX_STAGED_NANOS && stripes.hasStagedKeys()) {
      stagedAskedFor.set(true);
    } else if (stripes.hasFullStage()) {
      fullAskedFor.set(true);
    }
  }

  private boolean hasWork() {
    return unfinished
        || backlog.get()
        || stagedAskedFor.get()
        || fullAskedFor.get()
        || !waiting.isEmpty();
  }

  /** Commits as long as there is work, unless another thread is at it and will see it. */
  private void commitAll() {
    while (hasWork()) {
      if (!step()) {
        return;
      }
    }
  }

  /**
   * One step, in which staged keys are taken if that is asked for, or new ones are held back for
   * them, or a request waits.
   *
   * @return false where another thread is at it
   */
  private boolean step() {
    if (!commitLock.tryLock()) {
      return false;
    }
    List<BlockRequest> served = new ArrayList<>();
    PcacheException failure;
    try {
      failure = commit(served);
    } catch (Error e) {
      PcacheException lost = logLost(e);
      giveUp(served);
      complete(served, lost);
      throw e;
    } finally {
      commitLock.unlock();
    }
    // Outside the lock: a completion may submit the next flush.
    complete(served, failure);
    return true;
  }

  private @Nullable PcacheException commit(List<BlockRequest> served) {
    PcacheException failure = health.writeRefusal();
    if (failure == null) {
      try {
        publishAndPrepare(served);
        return null;
      } catch (PcacheException e) {
        health.logFailed(e);
        failure = e;
      } catch (RuntimeException e) {
        failure = logLost(e);
      }
    }
    giveUp(served);
    return failure;
  }

  /**
   * Nothing more becomes durable: whoever waits is told. Where keys were under way they stay so,
   * and the cache is never clean again.
   */
  private void giveUp(List<BlockRequest> served) {
    served.addAll(prepared.requests);
    served.addAll(arriving.requests);
    takeWaiting(served);
    prepared = new Group();
    arriving = new Group();
    unfinished = false;
    backlog.set(false);
    stagedAskedFor.set(false);
    fullAskedFor.set(false);
  }

  private void takeWaiting(List<BlockRequest> target) {
    for (BlockRequest request = waiting.poll(); request != null; request = waiting.poll()) {
      target.add(request);
    }
  }

  /** Whatever went wrong, the log's state is not known any more, and those who wait are told. */
  private PcacheException logLost(Throwable cause) {
    MediaFailureException failure =
        new MediaFailureException("the log could not be written: " + cause, cause);
    health.logFailed(failure);
    return failure;
  }

  private void publishAndPrepare(List<BlockRequest> served) {
    committing = true;
    if (prepared.hasKeys()) {
      pool.record().willPublish(writer.preparedHead().address(), writer.preparedFirstWord());
      writer.publish();
      pool.record().published();
    }
    takeWaiting(arriving.requests);
    // Before the stages are emptied: who reports anything from now on is seen by the next step.
    boolean hadBacklog = backlog.getAndSet(false);
    boolean wereFullAskedFor = fullAskedFor.getAndSet(false);
    boolean wereAllAskedFor =
        stagedAskedFor.getAndSet(false) || hadBacklog || !arriving.requests.isEmpty();
    if (wereAllAskedFor || (wereFullAskedFor && isTimeForAll())) {
      stripes.drainStages(arriving.keys);
      allTakenNanos = clock.nanoTime();
    } else if (wereFullAskedFor) {
      stripes.drainFullStages(arriving.keys);
    }
    if (arriving.hasKeys()) {
      ages.dirtied();
      writer.prepare(arriving.keys);
      pool.record().join(arriving.keys);
    }
    if (prepared.hasKeys() || arriving.hasKeys()) {
      media.sync();
    }
    boolean hasLeftSegment = finishStep(served);
    if (hadBacklog || hasLeftSegment) {
      wakeups.writeQueue().wake();
    }
  }

  /** Nobody who only fills a stage waits for more keys than that, unless a sync costs more. */
  private boolean isTimeForAll() {
    return media.syncMayBlock() || sinceAllTakenNanos() >= MAX_LEFT_BEHIND_NANOS;
  }

  private long sinceAllTakenNanos() {
    return clock.nanoTime() - allTakenNanos;
  }

  /**
   * What was published is durable, and with it all that those need who brought no key.
   *
   * @return whether the log goes on in another segment, which has room for more keys
   */
  private boolean finishStep(List<BlockRequest> served) {
    boolean hasLeftSegment = false;
    if (prepared.hasKeys()) {
      LogPosition head = writer.head();
      hasLeftSegment = !head.isInSegmentOf(durableHead);
      durableHead = head;
      prepared.keys.forEach(pool::give);
      wakeups.writeback().wakeSoon();
    }
    served.addAll(prepared.requests);
    prepared.clear();
    if (arriving.hasKeys()) {
      Group emptied = prepared;
      prepared = arriving;
      arriving = emptied;
    } else {
      served.addAll(arriving.requests);
      arriving.clear();
    }
    unfinished = prepared.hasKeys();
    committing = unfinished;
    return hasLeftSegment;
  }

  private static void complete(List<BlockRequest> served, @Nullable PcacheException failure) {
    for (BlockRequest request : served) {
      if (failure != null) {
        request.fail(failure);
      }
      request.release();
    }
  }

  /** Keys that become durable together, and the requests that wait for that. */
  private static final class Group {
    private final List<StagedKeys> keys = new ArrayList<>();
    private final List<BlockRequest> requests = new ArrayList<>();

    boolean hasKeys() {
      return !keys.isEmpty();
    }

    void clear() {
      keys.clear();
      requests.clear();
    }
  }
}
