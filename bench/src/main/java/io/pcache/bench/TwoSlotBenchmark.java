package io.pcache.bench;

import io.pcache.format.MediaLayout;
import io.pcache.format.TwoSlot;
import io.pcache.format.TwoSlotLayout;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A record that is kept twice, written durably, as when the log's beginning moves on. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TwoSlotBenchmark {
  private BenchmarkFolder folder;
  private Media media;
  private TwoSlot slots;
  private MemorySegment stored;

  /** Makes room for one record. */
  @Setup
  public void open() throws IOException {
    folder = BenchmarkFolder.create();
    Path file = folder.file("record");
    MediaFiles.allocate(file, MediaLayout.SEGMENTS_OFFSET);
    media = MediaFiles.open(file);
    slots = new TwoSlot(media, TwoSlotLayout.KEY_TAIL, MediaLayout.KEY_TAIL_OFFSET);
    stored = slots.newRecord();
  }

  /** Writes the record into the slot that is not the newest, and syncs. */
  @Benchmark
  public void store() {
    slots.storeDurably(stored);
  }

  /** Gives the memory back. */
  @TearDown
  public void close() throws IOException {
    media.close();
    folder.close();
  }
}
