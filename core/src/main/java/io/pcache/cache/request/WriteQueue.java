package io.pcache.cache.request;

import io.pcache.agent.Agent;
import io.pcache.agent.Wakeup;
import io.pcache.block.BlockRequest;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.health.CacheHealth;
import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/**
 * Carries out writes at once. If they have to wait for space, they continue in {@link WriteTurns}.
 * A write never fails because the cache is full, and no write overtakes waiting ones. A waiting
 * write wakes write-back and the reclaimer, and the reclaimer wakes the queue. Waiting writes of a
 * closed source fail.
 *
 * <p>Thread-safety: {@link #submit}, {@link #execute} and {@link #abandon} from any thread; {@link
 * #doWork} from one at a time.
 */
public final class WriteQueue implements Agent {
  /**
   * Bytes of a large write that its own thread carries out between two checks for waiting writes.
   */
  private static final long PIECE_BYTES = 4 << 20;

  private static final long STEP_BYTES = 16 << 20;

  private final WritePath path;
  private final LogCommitter committer;
  private final CacheHealth health;
  private final Wakeup[] spaceMakers;
  private final Wakeup ownWakeup;
  private final WriteTurns turns = new WriteTurns();

  /**
   * Creates an empty queue.
   *
   * @param spaceMakers the agents to wake when a write has to wait: log committer, write-back,
   *     reclaimer
   */
  public WriteQueue(
      WritePath path,
      LogCommitter committer,
      CacheHealth health,
      Wakeup ownWakeup,
      Wakeup... spaceMakers) {
    this.path = path;
    this.committer = committer;
    this.health = health;
    this.ownWakeup = ownWakeup;
    this.spaceMakers = spaceMakers.clone();
  }

  @Override
  public String name() {
    return "write-queue";
  }

  /** Number of waiting writes. */
  public int waiting() {
    return turns.waiting();
  }

  /**
   * Carries out a write or write-zeroes request, now or when there is room. Takes over the caller's
   * reference.
   */
  public void submit(BlockRequest request) {
    if (isCarriedOut(request)) {
      finish(request);
    }
  }

  /**
   * Carries out a write for a caller whose thread waits for it anyway. The caller is slowed down
   * while the cache is almost full. A FUA write is committed on the caller's thread if possible.
   */
  public void execute(BlockRequest request) {
    if (turns.waiting() == 0) {
      path.holdBack(request.lengthBytes());
    }
    if (isCarriedOut(request)) {
      if (isToBeCommitted(request)) {
        committer.execute(request);
      } else {
        request.release();
      }
    }
  }

  /**
   * Carries out the request. If it returns false, the request waits for its turn or was refused.
   */
  private boolean isCarriedOut(BlockRequest request) {
    long done = 0;
    long before = -1;
    while (done > before && done < request.lengthBytes() && turns.waiting() == 0) {
      before = done;
      done = tryToAdvance(request, done, Math.min(request.lengthBytes(), done + PIECE_BYTES));
    }
    if (done == request.lengthBytes()) {
      return true;
    }
    if (turns.add(request, done)) {
      ownWakeup.wake();
      wakeSpaceMakers();
    } else {
      refuse(request);
    }
    return false;
  }

  private static void refuse(BlockRequest request) {
    request.fail(closed(request.isOrphaned() ? "the client was gone" : "the cache was closed"));
    request.release();
  }

  private static ClosedException closed(String what) {
    return new ClosedException(
        what + " while this write waited for space; it was carried out in part or not at all");
  }

  /** Fails all waiting writes, now and later, because no more space will become free. */
  public void abandon() {
    turns.end();
    // A write in hand is skipped here and fails at its next piece.
    for (BlockRequest any = turns.takeAny(); any != null; any = turns.takeAny()) {
      refuse(any);
    }
  }

  private void wakeSpaceMakers() {
    for (Wakeup wakeup : spaceMakers) {
      wakeup.wake();
    }
  }

  @Override
  public int doWork() {
    int pieces = dropOrphans();
    long bytes = 0;
    while (bytes < STEP_BYTES) {
      WaitingWrite write = turns.next();
      if (write == null) {
        return pieces;
      }
      long advanced = carryOn(write);
      if (advanced == 0) {
        wakeSpaceMakers();
        return pieces;
      }
      bytes += advanced;
      pieces++;
    }
    return pieces;
  }

  private int dropOrphans() {
    int dropped = 0;
    for (BlockRequest next = turns.takeOrphan(); next != null; next = turns.takeOrphan()) {
      refuse(next);
      dropped++;
    }
    return dropped;
  }

  /** Continues a write. Returns the number of bytes it advanced, or 0 if there is no room. */
  private long carryOn(WaitingWrite write) {
    BlockRequest request = write.request();
    long from = write.doneBytes();
    long until = from + Math.min(write.leftBytes(), WriteTurns.TURN_BYTES);
    long done = tryToAdvance(request, from, until);
    if (turns.advanced(write, done)) {
      finish(request);
    }
    return done - from;
  }

  /**
   * Advances a request. Returns its whole length if it has failed, because nothing is left to do.
   */
  private long tryToAdvance(BlockRequest request, long doneBytes, long untilBytes) {
    PcacheException refusal = refusal(request);
    if (refusal == null) {
      try {
        long done = path.advance(request, doneBytes, untilBytes);
        if (done > doneBytes) {
          health.cacheWrites().succeeded();
        }
        return done;
      } catch (PcacheException e) {
        refusal = failed(request, e);
      } catch (InternalError e) {
        refusal = pageFailed(request, e);
      } catch (IllegalStateException e) {
        refusal =
            new BadOptionException("the buffer was closed while its write was carried out", e);
      }
    }
    request.fail(refusal);
    return request.lengthBytes();
  }

  /** Attributes a failure. A failed page of the client's buffer is no fault of the cache device. */
  private PcacheException failed(BlockRequest request, PcacheException failure) {
    if (failure instanceof MediaFailureException && !request.buffer().isReadable()) {
      return new BadOptionException("a page of the buffer failed during its write", failure);
    }
    health.cacheWrites().failed(String.valueOf(failure.getMessage()));
    return failure;
  }

  /** A page failed of the memory of staged keys, of the cache device, or of the client's buffer. */
  private PcacheException pageFailed(BlockRequest request, InternalError cause) {
    String staging = committer.stagingFault();
    if (staging != null && request.buffer().isReadable()) {
      health.report("staging", staging);
      return new MediaFailureException(
          staging + "; this write may have been carried out, repeat it", cause);
    }
    String what = "cache device: a page of the mapping failed during a write";
    return failed(request, new MediaFailureException(what, cause));
  }

  private @Nullable PcacheException refusal(BlockRequest request) {
    if (request.isOrphaned()) {
      return closed("the client was gone");
    }
    return turns.hasEnded() ? closed("the cache was closed") : health.writeRefusal();
  }

  private void finish(BlockRequest request) {
    if (isToBeCommitted(request)) {
      committer.submit(request);
    } else {
      request.release();
    }
  }

  private static boolean isToBeCommitted(BlockRequest request) {
    return request.forceUnitAccess() && !request.hasFailed();
  }
}
