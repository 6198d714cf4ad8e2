package io.pcache.testkit;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingStore;
import io.pcache.backing.ForwardingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A backing store that moves so many bytes a second, reads and writes of all threads together, like
 * a slow disk: each transfer takes its time on the device after those that came before it. Time
 * without transfers is not saved up.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class RateLimitedStore extends ForwardingStore {
  private final long bytesPerSecond;
  private final Clock clock;
  private final AtomicLong freeAtNanos;

  /**
   * Wraps a store, which it closes with itself.
   *
   * @param bytesPerSecond above 0
   * @param clock by which the transfers take their time
   */
  public RateLimitedStore(BackingStore store, long bytesPerSecond, Clock clock) {
    super(store);
    this.bytesPerSecond = bytesPerSecond;
    this.clock = clock;
    this.freeAtNanos = new AtomicLong(clock.nanoTime());
  }

  /** Wraps a store so that it is slow in real time. */
  public static RateLimitedStore inRealTime(BackingStore store, long bytesPerSecond) {
    return new RateLimitedStore(store, bytesPerSecond, SystemClock.INSTANCE);
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    takeTime(pieces);
    super.read(pieces, offsetBytes);
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    takeTime(pieces);
    super.write(pieces, offsetBytes);
  }

  private void takeTime(List<MemorySegment> pieces) {
    long bytes = 0;
    for (MemorySegment piece : pieces) {
      bytes += piece.byteSize();
    }
    long costNanos = (long) ((double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1));
    long now = clock.nanoTime();
    long doneAt = freeAtNanos.updateAndGet(freeAt -> (freeAt - now > 0 ? freeAt : now) + costNanos);
    for (long left = doneAt - now; left > 0; left = doneAt - clock.nanoTime()) {
      clock.pause(left);
    }
  }
}
