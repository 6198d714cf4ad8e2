package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.AwaitedRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the thread of a client allocates in the engine. */
class HitPathAllocationTest {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 4096;
  private static final int WARM_UP = 200_000;
  private static final int MEASURED = 50_000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRequestThatHitsLeavesNoGarbage(boolean dataCrc) throws IOException {
    Path cache = folder.resolve("cache");
    Path backing = SparseFiles.create(folder.resolve("backing"), (long) BLOCKS * BLOCK_BYTES);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20).withDataCrc(dataCrc));
    try (Pcache pcache = Pcache.open(OpenOptions.of(cache, backing));
        Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(BLOCK_BYTES, BLOCK_BYTES);
      AwaitedRequest request = new AwaitedRequest();
      double written =
          bytesPerRequest(i -> {
            request.prepareWrite(offsetBytes(i), block);
            BlockingDevice.carryOut(pcache.device(), request);
          });
      double read =
          bytesPerRequest(i -> {
            request.prepareRead(offsetBytes(i), block);
            BlockingDevice.carryOut(pcache.device(), request);
          });
      double writtenInPieces =
          bytesPerRequest(i -> {
            request.prepareWrite(offsetBytes(i));
            addPieces(request, block);
            BlockingDevice.carryOut(pcache.device(), request);
          });
      double readIntoRange =
          bytesPerRequest(i -> {
            request.prepareRead(offsetBytes(i), block, 512, BLOCK_BYTES / 2);
            BlockingDevice.carryOut(pcache.device(), request);
          });
      double readInPieces =
          bytesPerRequest(i -> {
            request.prepareRead(offsetBytes(i));
            addPieces(request, block);
            BlockingDevice.carryOut(pcache.device(), request);
          });
      // The commits of every 128 keys, and an index that takes its shape, are the writes' share.
      assertThat(written).isLessThan(16);
      assertThat(writtenInPieces).isLessThan(16);
      assertThat(read).isLessThan(1);
      assertThat(readIntoRange).isLessThan(1);
      assertThat(readInPieces).isLessThan(1);
    }
  }

  private static void addPieces(AwaitedRequest request, MemorySegment block) {
    request.addPiece(block, 2048, 1000);
    request.addPiece(block, 0, 2048);
    request.addPiece(block, 3048, 1048);
  }

  private static long offsetBytes(int i) {
    return i * 2_654_435_761L % BLOCKS * BLOCK_BYTES;
  }

  private double bytesPerRequest(IntConsumer request) {
    for (int i = 0; i < WARM_UP; i++) {
      request.accept(i);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < MEASURED; i++) {
      request.accept(i);
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / (double) MEASURED;
  }
}
