package io.pcache.cache;

import io.pcache.agent.Agent;
import io.pcache.agent.Wakeup;
import io.pcache.block.BlockRequest;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Writes that wait for space, in order of arrival. A write never fails because the cache is full and never overtakes one that
 * waits; whoever waits wakes write-back and reclaiming, and is woken by reclaiming.
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

  /**
   * Creates an empty queue.
   *
   * @param spaceMakers the agents to wake when a write has to wait: log flusher, write-back, reclaimer
   */
  DeferredWrites(
      WritePath path, LogCommitter committer, CacheHealth health, Wakeup ownWakeup, Wakeup... spaceMakers) {
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

  /** Carries out a write or write-zeroes request, whose reference the caller hands over, now or when there is room. */
  void submit(BlockRequest request) {
    long done = 0;
    if (waiting == 0) {
      done = tryToAdvance(request, 0);
    }
    if (done == request.lengthBytes()) {
      finish(request);
    } else {
      enqueue(new Deferred(request, done));
    }
  }

  private void enqueue(Deferred deferred) {
    synchronized (queue) {
      queue.addLast(deferred);
      waiting = queue.size();
    }
    ownWakeup.wake();
    wakeSpaceMakers();
  }

  private void wakeSpaceMakers() {
    for (Wakeup wakeup : spaceMakers) {
      wakeup.wake();
    }
  }

  @Override
  public int doWork() {
    int finished = 0;
    for (Deferred first = first(); first != null; first = first()) {
      long done = tryToAdvance(first.request, first.doneBytes);
      if (done < first.request.lengthBytes()) {
        replaceFirst(new Deferred(first.request, done));
        wakeSpaceMakers();
        return finished;
      }
      removeFirst();
      finish(first.request);
      finished++;
    }
    return finished;
  }

  /** Returns the request's whole length where it has failed: there is nothing left to do for it. */
  private long tryToAdvance(BlockRequest request, long doneBytes) {
    PcacheException refusal = health.writeRefusal();
    if (refusal == null) {
      try {
        return path.advance(request, doneBytes);
      } catch (PcacheException e) {
        refusal = e;
      } catch (InternalError e) {
        refusal = new MediaFailureException("cache device: a page of the mapping failed during a write", e);
      }
    }
    request.fail(refusal);
    return request.lengthBytes();
  }

  private void finish(BlockRequest request) {
    if (request.forceUnitAccess() && !request.hasFailed()) {
      committer.commitThenRelease(request);
    } else {
      request.release();
    }
  }

  private @Nullable Deferred first() {
    synchronized (queue) {
      return queue.peekFirst();
    }
  }

  private void replaceFirst(Deferred deferred) {
    synchronized (queue) {
      queue.removeFirst();
      queue.addFirst(deferred);
    }
  }

  private void removeFirst() {
    synchronized (queue) {
      queue.removeFirst();
      waiting = queue.size();
    }
  }
}
