package io.pcache.backing;

import io.pcache.agent.CallWatch;
import io.pcache.agent.Clock;
import io.pcache.agent.OutstandingCalls;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the calls of a store that have not returned, by what they may wait for. A write whose
 * source is a mapped file may wait for that file's device: the system reads its pages during the
 * call.
 *
 * <p>Thread-safety: all methods from any thread, and none waits for a device.
 */
public final class StoreCalls {
  /** Of a write with more pieces, the rest is not looked at. Write-back has no more. */
  private static final int WATCHED_PIECES = 256;

  private final CallWatch calls;

  /** By place, what a write reads. Other threads see it late, but long before a call is long. */
  private final @Nullable MemorySegment[][] sources =
      new MemorySegment[CallWatch.PLACES][WATCHED_PIECES];

  /** Creates a watch over a store that has not been called yet. */
  public StoreCalls(Clock clock) {
    this.calls = new CallWatch(clock);
  }

  /** Records that a call begins that reads no memory. Returns the argument for {@link #end}. */
  int begin() {
    return calls.begin();
  }

  /** Records that a write begins. Returns the argument for {@link #endWrite}. */
  int beginWrite(List<MemorySegment> pieces) {
    int call = calls.begin();
    if (call != CallWatch.UNWATCHED) {
      int count = Math.min(pieces.size(), WATCHED_PIECES);
      for (int i = 0; i < count; i++) {
        sources[call][i] = pieces.get(i);
      }
    }
    return call;
  }

  /** Records that a call has returned or thrown. */
  void end(int call) {
    calls.end(call);
  }

  /** Records that a write has returned or thrown. */
  void endWrite(int call, int pieces) {
    if (call != CallWatch.UNWATCHED) {
      Arrays.fill(sources[call], 0, Math.min(pieces, WATCHED_PIECES), null);
    }
    calls.end(call);
  }

  /** The calls, whatever they wait for. */
  public OutstandingCalls all() {
    return calls;
  }

  /** The calls that cannot be waiting for their source, because it is in memory. */
  public OutstandingCalls waitingForStore() {
    return leastNanos -> calls.longerThan(leastNanos, call -> !lacksSource(call));
  }

  /**
   * Returns the source of a write that may wait for it, or null if there is none. The call has been
   * in progress for that long, and the source is not in memory.
   */
  public @Nullable MemorySegment missingSource(long leastNanos) {
    AtomicReference<@Nullable MemorySegment> found = new AtomicReference<>();
    var _ =
        calls.longerThan(
            leastNanos,
            call -> {
              found.compareAndSet(null, missingSourceOf(call));
              return false;
            });
    return found.get();
  }

  private boolean lacksSource(int call) {
    return missingSourceOf(call) != null;
  }

  private @Nullable MemorySegment missingSourceOf(int call) {
    for (MemorySegment source : sources[call]) {
      if (source == null) {
        return null;
      }
      if (source.isMapped() && !isLoaded(source)) {
        return source;
      }
    }
    return null;
  }

  private static boolean isLoaded(MemorySegment source) {
    try {
      return source.isLoaded();
    } catch (IllegalStateException e) {
      // It was unmapped, so the write has returned.
      return true;
    }
  }
}
