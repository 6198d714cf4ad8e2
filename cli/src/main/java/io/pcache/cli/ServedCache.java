package io.pcache.cli;

import io.pcache.DrainProgress;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.PcacheStatus;
import io.pcache.agent.Patience;
import io.pcache.block.BlockDevice;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/** What the daemon does with an open cache. */
interface ServedCache {
  /** Opens the real one. */
  static ServedCache open(OpenOptions options) {
    return new PcacheServed(Pcache.open(options));
  }

  BlockDevice device();

  PcacheStatus status();

  void setGcPercent(int gcPercent);

  void drain(DrainProgress progress);

  /** A number that grows as long as its devices get on. */
  long deviceProgress();

  /** The error that names a device that does not answer, or null while both do. */
  @Nullable PcacheException unanswered();

  /** Closes it in order, as {@link Pcache#close(Patience)} says. */
  void close(Patience patience);

  /** A cache that is open in this process. */
  record PcacheServed(Pcache pcache) implements ServedCache {
    @Override
    public BlockDevice device() {
      return pcache.device();
    }

    @Override
    public PcacheStatus status() {
      return pcache.status();
    }

    @Override
    public void setGcPercent(int gcPercent) {
      pcache.setGcPercent(gcPercent);
    }

    @Override
    public void drain(DrainProgress progress) {
      pcache.drain(progress);
    }

    @Override
    public long deviceProgress() {
      return pcache.deviceProgress();
    }

    @Override
    public @Nullable PcacheException unanswered() {
      return pcache.unanswered();
    }

    @Override
    public void close(Patience patience) {
      pcache.close(patience);
    }
  }
}
