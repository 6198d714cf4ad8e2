package io.pcache.cli;

import io.pcache.DrainProgress;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.PcacheStatus;
import io.pcache.block.BlockDevice;

/** What the daemon does with an open cache. */
interface ServedCache extends AutoCloseable {
  /** Opens the real one. */
  static ServedCache open(OpenOptions options) {
    return new PcacheServed(Pcache.open(options));
  }

  BlockDevice device();

  PcacheStatus status();

  void setGcPercent(int gcPercent);

  void drain(DrainProgress progress);

  @Override
  void close();

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
    public void close() {
      pcache.close();
    }
  }
}
