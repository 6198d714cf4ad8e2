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
 * Makes staged keys durable. It commits for flushes and FUA writes, which share its syncs. It also
 * commits when a stage fills a key set, when data begins another segment, and when keys are a
 * second old.
 *
 * <p>It works in steps of one sync. A group is all staged keys and all requests that wait at that
 * moment. If no request waits and a sync is almost free, the group is only the keys of full key
 * sets. One step prepares a group and the next step publishes it. The sync that makes it durable
 * also serves the group behind it:
 *
 * <pre>
 *   step 1                    prepare A │ sync: A's data and key sets
 *   step 2      publish A  ─▶ prepare B │ sync: A's header, B's data and key sets ─▶ complete A
 *   step 3      publish B  ─▶ prepare C │ sync: B's header, C's data and key sets ─▶ complete B
 * </pre>
 *
 * <p>If a sync does not block, the thread that needs a commit runs it. So does a caller that waits
 * anyway, if nothing else is to be committed. Otherwise the agent's thread runs it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LogCommitter implements Agent {
  /** Number of keys in a stage from which new keys wait for the log. */
  private static final int MAX_STAGED_KEYS = 8 * KeySetRecord.MAX_KEYS;

  private static final long MAX_STAGED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How long full key sets are committed without the other keys. Every staged key keeps the segment
   * of its data from becoming free.
   */
  private static final long MAX_LEFT_BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /**
   * If the log has less room than this and no segment in reserve, no new keys are admitted. Keys
   * already staged still fit.
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

  /** Whether a stage holds more keys than it should. */
  private final AtomicBoolean backlog = new AtomicBoolean();

  /** Whether all stages are to be committed, full or not. */
  private final AtomicBoolean stagedAskedFor = new AtomicBoolean();

  /** Whether the full key sets are to be committed. */
  private final AtomicBoolean fullAskedFor = new AtomicBoolean();

  /** The group that the next step publishes. Guarded by {@link #commitLock}, with its contents. */
  private Group prepared = new Group();

  /**
   * The group that the current step prepares. Guarded by {@link #commitLock}, with its contents.
   */
  private Group arriving = new Group();

  /** Whether {@link #prepared} holds keys. */
  private volatile boolean unfinished;

  private volatile LogPosition durableHead;
  private volatile boolean committing;
  private volatile boolean abandoned;
  private volatile long allTakenNanos;

  /**
   * Continues at the end of the log.
   *
   * @param pool where staged keys come from
   * @param ages notified when keys are about to become durable
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

  /** The end of the durable log. Write-back goes no further. */
  public LogPosition durableHead() {
    return durableHead;
  }

  /**
   * Appends the keys that a killed process left in memory as one batch. Durable on return. Called
   * before the first key is staged.
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

  /** The end of the log, durable or not. */
  public LogPosition head() {
    return writer.head();
  }

  /** Number of key sets with keys that were published since the cache was opened. */
  public long publishedKeySets() {
    return writer.publishedKeySets();
  }

  /** Whether the log certainly has room for a key that is staged now. */
  public boolean hasRoomForKeys() {
    return !backlog.get() && (segments.hasLogReserve() || writer.roomBytes() >= LOG_MARGIN_BYTES);
  }

  /**
   * Completes a request when everything staged before it is durable. Takes over the caller's
   * reference.
   */
  public void submit(BlockRequest request) {
    waiting.add(request);
    runOrWake();
  }

  /**
   * Does the same for a caller whose thread waits for the request anyway. If nothing else is to be
   * committed, the commit runs on that thread. This saves the hand-over to the agent and back.
   * Otherwise the agent commits for everyone.
   */
  public void execute(BlockRequest request) {
    if (hasWork()) {
      submit(request);
    } else {
      executeHere(request);
    }
  }

  /**
   * Does the same for a caller that must not depend on the agent. The commit runs on the calling
   * thread, unless another thread is committing. Any work beyond this request is left to the agent.
   */
  public void executeHere(BlockRequest request) {
    waiting.add(request);
    // The first step takes the request, if no other thread has, and the second completes it.
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
   * Records that a stage has taken another key and holds {@code stagedKeys} now. The key's data
   * begins at {@code segOffsetBytes} of its segment. Asks for a commit of full key sets. If the
   * stage holds too many keys, no new keys are admitted until they are committed. A key at the
   * start of a segment causes a commit of all staged keys. Then the earlier segments can become
   * free in time.
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
   * Returns the fault of the memory that keeps staged keys for the next process, as text for the
   * operator. Null if it has none. The keys themselves are not affected.
   */
  public @Nullable String stagingFault() {
    if (!pool.memoryHasFailed()) {
      return null;
    }
    return "staged keys: %s; a killed process may lose a second of unflushed writes: flush, and open the cache again"
        .formatted(pool.describeMemory());
  }

  /**
   * Commits all staged keys even if no stage is full. The keys of large writes fill no key set, and
   * the segments of their data could not become free.
   */
  public void commitStaged() {
    stagedAskedFor.set(true);
    runOrWake();
  }

  /** Whether keys have left their stages and are not yet in the durable log. */
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

  /**
   * Declares that no thread steps this agent any more. Requests that wait, now or later, are
   * committed on the threads that submit them.
   */
  public void abandon() {
    abandoned = true;
    commitAll();
  }

  @Override
  public int doWork() {
    // Keys that are staged when the log has failed stay there.
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

  /**
   * Commits as long as there is work. Returns if another thread is committing, because that thread
   * will see the work.
   */
  private void commitAll() {
    while (hasWork()) {
      if (!step()) {
        return;
      }
    }
  }

  /**
   * Runs one step. It takes staged keys if a commit was requested, if new keys are held back, or if
   * a request waits.
   *
   * @return false if another thread is committing
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
    // Outside the lock, because a completion may submit the next flush.
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
   * Abandons all commits after a failure, so that the waiting requests fail. Keys in a commit stay
   * there, and the cache never becomes clean again.
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

  /**
   * Marks the log as failed: after an unexpected error its state is unknown, so waiting requests
   * must fail.
   */
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
    // Reset the flags before emptying the stages. The next step then sees everything requested from
    // now on.
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

  /**
   * Whether to commit all keys although only full key sets need it. Otherwise a writer that fills a
   * stage would have to write the keys of all others. If a sync may block, one sync for all keys is
   * cheaper.
   */
  private boolean isTimeForAll() {
    return media.syncMayBlock() || sinceAllTakenNanos() >= MAX_LEFT_BEHIND_NANOS;
  }

  private long sinceAllTakenNanos() {
    return clock.nanoTime() - allTakenNanos;
  }

  /**
   * Completes the published group, which is durable now. Requests of the arriving group complete
   * too if it has no keys.
   *
   * @return whether the log continues in another segment, which has room for more keys
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

  /** Keys that become durable together, and the requests that wait for them. */
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
