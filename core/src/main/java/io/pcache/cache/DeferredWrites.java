package io.pcache.cache;

import io.pcache.agent.Agent;
import io.pcache.agent.Wakeup;
import io.pcache.block.BlockRequest;
import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Writes that wait for space, in order of arrival. A write never fails because the cache is full
 * and never overtakes one that waits; whoever waits wakes write-back and reclaiming, and is woken
 * by reclaiming.
 *
 * <p>Thread-safety: {@link #submit} from any thread; {@link #doWork} from one at a time.
 */
final class DeferredWrites implements Agent {
  private record Deferred(BlockRequest request, long doneBytes) {}

  private final WritePath path;
  private final LogCommitter committer;
  private final CacheHealth health;
  private final Wakeup[] spaceMakers;
  private final Wakeup ownWakeup;
  private final ArrayDeque<Deferred> queue = new ArrayDeque<>();
  private volatile int waiting;
  private boolean abandoned;

  /**
   * Creates an empty queue.
   *
   * @param spaceMakers the agents to wake when a write has to wait: log flusher, write-back,
   *     reclaimer
   */
  DeferredWrites(
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
    return "deferred-writes";
  }

  /** How many writes wait. */
  int waiting() {
    return waiting;
  }

  /**
   * Carries out a write or write-zeroes request, whose reference the caller hands over, now or when
   * there is room.
   *
   * @param callerWaits whether the caller's thread may be used to make it durable, and held back in
   *     a full cache
   */
  void submit(BlockRequest request, boolean callerWaits) {
    long done = 0;
    if (waiting == 0) {
      if (callerWaits) {
        path.holdBack(request.lengthBytes());
      }
      done = tryToAdvance(request, 0);
    }
    if (done == request.lengthBytes()) {
      finish(request, callerWaits);
    } else {
      enqueue(new Deferred(request, done));
    }
  }

  private void enqueue(Deferred deferred) {
    synchronized (queue) {
      if (!abandoned) {
        queue.addLast(deferred);
        waiting = queue.size();
        ownWakeup.wake();
        wakeSpaceMakers();
        return;
      }
    }
    refuse(deferred.request);
  }

  private static void refuse(BlockRequest request) {
    request.fail(
        new ClosedException(
            "the cache was closed while this write waited for space; it was not carried out"));
    request.release();
  }

  /**
   * Nobody makes space any more: writes that wait, now or later, fail. The agent is not being
   * stepped.
   */
  void abandon() {
    while (true) {
      Deferred first;
      synchronized (queue) {
        abandoned = true;
        first = queue.pollFirst();
        waiting = queue.size();
      }
      if (first == null) {
        return;
      }
      refuse(first.request);
    }
  }

  private void wakeSpaceMakers() {
    for (Wakeup wakeup : spaceMakers) {
      wakeup.wake();
    }
  }

  @Override
  public int doWork() {
    int finished = 0;
    for (Deferred first = take(); first != null; first = take()) {
      long done = tryToAdvance(first.request, first.doneBytes);
      if (done < first.request.lengthBytes()) {
        putBack(new Deferred(first.request, done));
        wakeSpaceMakers();
        return finished;
      }
      finish(first.request, false);
      finished++;
    }
    return finished;
  }

  /** Returns the request's whole length where it has failed: there is nothing left to do for it. */
  private long tryToAdvance(BlockRequest request, long doneBytes) {
    PcacheException refusal = health.writeRefusal();
    if (refusal == null) {
      try {
        long done = path.advance(request, doneBytes);
        if (done > doneBytes) {
          health.cacheWrites().succeeded();
        }
        return done;
      } catch (PcacheException e) {
        refusal = e;
        health.cacheWrites().failed(String.valueOf(e.getMessage()));
      } catch (InternalError e) {
        refusal =
            new MediaFailureException(
                "cache device: a page of the mapping failed during a write", e);
        health.cacheWrites().failed(String.valueOf(refusal.getMessage()));
      } catch (IllegalStateException e) {
        refusal =
            new BadOptionException("the buffer was closed while its write was carried out", e);
      }
    }
    request.fail(refusal);
    return request.lengthBytes();
  }

  private void finish(BlockRequest request, boolean callerWaits) {
    if (request.forceUnitAccess() && !request.hasFailed()) {
      committer.commitThenRelease(request, callerWaits);
    } else {
      request.release();
    }
  }

  /** Takes the first write out, still counted as waiting so that no later one overtakes it. */
  private @Nullable Deferred take() {
    synchronized (queue) {
      Deferred first = queue.pollFirst();
      waiting = first == null ? 0 : queue.size() + 1;
      return first;
    }
  }

  private void putBack(Deferred deferred) {
    synchronized (queue) {
      if (!abandoned) {
        queue.addFirst(deferred);
        return;
      }
    }
    refuse(deferred.request);
  }
}
