package io.pcache.cli;

import io.pcache.DrainProgress;
import io.pcache.PcacheStatus;
import io.pcache.agent.Patience;
import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeStateVisitor;
import io.pcache.error.PcacheException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A cache that writes down what is done to it, and drains for as long as the test wants. */
final class FakeCache implements ServedCache, BlockDevice {
  private final List<String> events;
  private final PcacheStatus afterDrain;
  private final CountDownLatch drained;
  private volatile PcacheStatus status = Samples.status();

  FakeCache(List<String> events, CountDownLatch drained, PcacheStatus afterDrain) {
    this.events = events;
    this.drained = drained;
    this.afterDrain = afterDrain;
  }

  FakeCache(List<String> events) {
    this(events, new CountDownLatch(0), Samples.status(0, List.of()));
  }

  /** One whose drain lasts until it is closed. */
  static FakeCache neverDrained(List<String> events, PcacheStatus status) {
    FakeCache cache = new FakeCache(events, new CountDownLatch(1), Samples.status(0, List.of()));
    cache.status = status;
    return cache;
  }

  @Override
  public BlockDevice device() {
    return this;
  }

  @Override
  public PcacheStatus status() {
    return status;
  }

  @Override
  public void setGcPercent(int gcPercent) {
    events.add("gc_percent " + gcPercent);
  }

  @Override
  public void drain(DrainProgress progress) {
    events.add("drain");
    progress.report(status.dirtyBytes(), status.dirtyBytes());
    try {
      drained.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    status = afterDrain;
  }

  @Override
  public long deviceProgress() {
    return 0;
  }

  @Override
  public @Nullable PcacheException unanswered() {
    return null;
  }

  @Override
  public void close(Patience patience) {
    events.add("close cache");
    drained.countDown();
  }

  @Override
  public long sizeBytes() {
    return status.sizeBytes();
  }

  @Override
  public void submit(BlockRequest request) {
    throw new UnsupportedOperationException("no request is sent in these tests");
  }

  @Override
  public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    throw new UnsupportedOperationException("no range is asked for in these tests");
  }
}
