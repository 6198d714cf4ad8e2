package io.pcache.bench;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetStage;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import io.pcache.media.SharedMemoryFolder;
import io.pcache.media.SharedMemoryPlace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A key's way into memory, where it waits for the log: what every write does under its lock. Beside
 * it what else would outlive a killed process: a key set of one key written to the log at once.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StageBenchmark {
  private static final int BUFFERS = 2;
  private static final int LOG_BYTES = 16 << 20;

  /** Stages a full key set, and takes it out as a commit does. */
  @Benchmark
  @OperationsPerInvocation(KeySetRecord.MAX_KEYS)
  public void append(Stage stage) {
    stage.appendFullKeySet();
  }

  /** Writes a key set of one key, and the zeroes that end the log, without a sync. */
  @Benchmark
  public void writeToLog(Log log) {
    log.writeOne();
  }

  /** A stage of its own for each thread. */
  @State(Scope.Thread)
  public static class Stage {
    /** Whether keys outlive the process. */
    @Param({"true", "false"})
    boolean shared;

    private final Key key = new Key().place(1, 0).generation(1);
    private final List<StagedKeys> batch = new ArrayList<>();
    private BenchmarkFolder folder;
    private SharedMemory memory;
    private StagedKeysPool pool;
    private KeySetStage stage;
    private long nextOffsetBytes;

    /** Gets the memory. */
    @Setup
    public void open() throws IOException {
      folder = BenchmarkFolder.create();
      SharedMemoryPlace place =
          shared
              ? new SharedMemoryFolder(
                  folder.file(".").normalize(), folder.file(".").normalize(), folder.file("."))
              : (owner, sizeBytes) -> new ProcessMemory(sizeBytes, "for comparison");
      memory = place.open(UUID.randomUUID(), StagedKeysPool.sizeBytes(BUFFERS));
      if (memory.outlivesProcess() != shared) {
        throw new IllegalStateException(memory.describe());
      }
      pool = new StagedKeysPool(memory);
      stage = new KeySetStage(pool);
    }

    void appendFullKeySet() {
      for (int i = 0; i < KeySetRecord.MAX_KEYS; i++) {
        var _ = stage.append(key.range(nextOffsetBytes, BareCopyBenchmark.BLOCK_BYTES));
        nextOffsetBytes += BareCopyBenchmark.BLOCK_BYTES;
      }
      stage.drainTo(batch);
      batch.forEach(pool::give);
      batch.clear();
    }

    /** Gives the memory back. */
    @TearDown
    public void close() throws IOException {
      memory.remove();
      memory.close();
      folder.close();
    }
  }

  /** A file on the disk with the temporary files. */
  @State(Scope.Thread)
  public static class Log {
    private static final int KEY_SET_BYTES = KeySetRecord.sizeBytes(1);

    private final MemorySegment keySet =
        MemorySegment.ofArray(new byte[KEY_SET_BYTES + KeySetRecord.HEADER_BYTES]);
    private BenchmarkFolder folder;
    private Media media;
    private int at;

    /** Makes the file. */
    @Setup
    public void open() throws IOException {
      folder = BenchmarkFolder.createIn(Path.of(System.getProperty("java.io.tmpdir")));
      MediaFiles.allocate(folder.file("log"), LOG_BYTES);
      media = MediaFiles.open(folder.file("log"));
    }

    void writeOne() {
      if (at + keySet.byteSize() > LOG_BYTES) {
        at = 0;
      }
      media.write(at, keySet, 0, keySet.byteSize());
      at += KEY_SET_BYTES;
    }

    /** Removes it. */
    @TearDown
    public void close() throws IOException {
      media.close();
      folder.close();
    }
  }
}
