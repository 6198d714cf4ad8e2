package io.pcache.bench;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.log.KeySetReader;
import io.pcache.log.KeySetStage;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWalk;
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
 * Walks a log of full key sets and checks each, as recovery does before it rebuilds the index. One
 * operation is one key. Each thread has a log of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LogWalkBenchmark {
  private static final int SEGMENTS = 2;
  private static final int KEY_SETS = 1024;
  private static final int KEYS = KEY_SETS * KeySetRecord.MAX_KEYS;
  private static final LogAddress START = new LogAddress(0, 0);

  private BenchmarkFolder folder;
  private Media media;
  private LogWalk walk;
  private long keys;

  /** Writes the log. */
  @Setup
  public void write() throws IOException {
    folder = BenchmarkFolder.create();
    Path file = folder.file("log");
    MediaFiles.allocate(file, MediaLayout.segmentOffset(SEGMENTS));
    media = MediaFiles.open(file);
    SegmentChain chain = SegmentChain.format(media, SEGMENTS);
    LogWriter writer = new LogWriter(media, chain, LogPosition.first(START), () -> 1);
    KeySetStage stage = new KeySetStage(new StagedKeysPool(KEY_SETS));
    for (int i = 0; i < KEYS; i++) {
      long offset = (long) i * BareCopyBenchmark.BLOCK_BYTES;
      var _ =
          stage.append(
              new Key().range(offset, BareCopyBenchmark.BLOCK_BYTES).place(1, 0).generation(1));
    }
    List<StagedKeys> batch = new ArrayList<>();
    stage.drainTo(batch);
    writer.prepare(batch);
    writer.publish();
    long deviceBytes = (long) KEYS * BareCopyBenchmark.BLOCK_BYTES;
    walk = new LogWalk(new KeySetReader(media, chain, deviceBytes), SEGMENTS);
  }

  /** Walks all of it; returns how many keys it has met so far. */
  @Benchmark
  @OperationsPerInvocation(KEYS)
  public long keys() {
    var _ = walk.from(START, (position, keySet) -> keys += keySet.keyCount());
    return keys;
  }

  /** Gives the memory back. */
  @TearDown
  public void close() throws IOException {
    media.close();
    folder.close();
  }
}
