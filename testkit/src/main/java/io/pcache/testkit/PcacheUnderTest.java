package io.pcache.testkit;

import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.BlockDevice;

/** The engine on files. */
public final class PcacheUnderTest implements CacheUnderTest {
  private final OpenOptions options;
  private Pcache cache;

  /** Opens it. */
  public PcacheUnderTest(OpenOptions options) {
    this.options = options;
    this.cache = Pcache.open(options);
  }

  /** The engine as it is open now. */
  public Pcache cache() {
    return cache;
  }

  @Override
  public BlockDevice device() {
    return cache.device();
  }

  @Override
  public void reopen() {
    cache.close();
    cache = Pcache.open(options);
  }

  @Override
  public void kill() {
    cache.kill();
  }

  @Override
  public void recover() {
    cache = Pcache.open(options);
  }

  @Override
  public void setGcPercent(int gcPercent) {
    cache.setGcPercent(gcPercent);
  }

  @Override
  public void close() {
    cache.close();
  }
}
