package io.pcache.bench;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.BackingStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A freshly formatted cache, open in this process, with the clients that use it. Thread-safety: all
 * methods from any thread, {@link #close} once and after all others.
 */
final class BenchmarkCache implements AutoCloseable {
  private final Pcache pcache;
  private final AtomicLong clients = new AtomicLong();

  private BenchmarkCache(Pcache pcache) {
    this.pcache = pcache;
  }

  /** Formats and opens a cache in a folder, in front of a store, which it closes with itself. */
  static BenchmarkCache open(
      BenchmarkFolder folder, long sizeBytes, boolean dataCrc, BackingStore store)
      throws IOException {
    Path file = folder.file("cache");
    Pcache.format(FormatOptions.of(file).withSizeBytes(sizeBytes).withDataCrc(dataCrc));
    return new BenchmarkCache(Pcache.open(OpenOptions.of(file, folder.file("backing")), store));
  }

  /** The open cache. */
  Pcache pcache() {
    return pcache;
  }

  /** A client of its own for a thread; each goes a way of its own, the same in every run. */
  BlockClient newClient(int blockBytes) {
    return new BlockClient(pcache.device(), blockBytes, clients.incrementAndGet());
  }

  /** Writes every block once, the first first, and flushes. */
  void fill(int blockBytes) {
    BlockClient client = newClient(blockBytes);
    for (int i = 0; i < client.blocks(); i++) {
      client.write((long) i * blockBytes);
    }
    client.flush();
  }

  /** Waits until nothing is left for write-back to do. */
  void drain() {
    if (!pcache.drain((bytesLeft, bytesAtStart) -> {})) {
      throw new IllegalStateException("the cache was not drained: " + pcache.status());
    }
  }

  @Override
  public void close() {
    pcache.close();
  }
}
