package io.pcache.bench;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.log.KeySetStage;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A key's way into the log, in full key sets: staged, prepared, synced, published, synced. One
 * operation is one key, because a write of 4 KiB makes one. The log goes round in a few segments;
 * zeroing each before it is used again is part of the figure, as it is part of running a cache.
 * Each thread has a log of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LogAppendBenchmark {
  private static final int SEGMENTS = 4;

  private final StagedKeysPool pool = new StagedKeysPool(2);
  private final KeySetStage stage = new KeySetStage(pool);
  private final List<StagedKeys> batch = new ArrayList<>();
  private final Key key = new Key().place(1, 0).generation(1);
  private BenchmarkFolder folder;
  private Media media;
  private SegmentChain chain;
  private LogWriter writer;
  private long nextOffsetBytes;

  /** Formats a log on segments of their own. */
  @Setup
  public void format() throws IOException {
    folder = BenchmarkFolder.create();
    Path file = folder.file("log");
    MediaFiles.allocate(file, MediaLayout.segmentOffset(SEGMENTS));
    media = MediaFiles.open(file);
    chain = SegmentChain.format(media, SEGMENTS);
    writer = new LogWriter(media, chain, LogPosition.first(new LogAddress(0, 0)), this::takeNext);
  }

  private int takeNext() {
    int next = (writer.head().cacheSegId() + 1) % SEGMENTS;
    media.zero(chain.dataOffset(next), MediaLayout.DATA_AREA_BYTES);
    return next;
  }

  /** Appends one full key set. */
  @Benchmark
  @OperationsPerInvocation(KeySetRecord.MAX_KEYS)
  public void keys() {
    for (int i = 0; i < KeySetRecord.MAX_KEYS; i++) {
      int staged = stage.append(key.range(nextOffsetBytes, BareCopyBenchmark.BLOCK_BYTES));
      nextOffsetBytes += (long) staged * BareCopyBenchmark.BLOCK_BYTES;
    }
    stage.drainTo(batch);
    writer.prepare(batch);
    media.sync();
    writer.publish();
    media.sync();
    batch.forEach(pool::give);
    batch.clear();
  }

  /** Gives the memory back. */
  @TearDown
  public void close() throws IOException {
    media.close();
    folder.close();
  }
}
