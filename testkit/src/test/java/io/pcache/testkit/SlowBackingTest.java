package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.FileBackingStore;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A small cache in front of a slow disk, written with ten times its size. */
@Tag("engine")
@ExtendWith(Seeds.class)
class SlowBackingTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 1L << 30;
  private static final long WRITTEN_BYTES = 10 * CACHE_BYTES;
  private static final long BACKING_BYTES_PER_SECOND = 240L << 20;
  private static final int WRITE_BYTES = 256 << 10;

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  @Test
  @Timeout(600)
  void tenTimesTheCachesSizeIsWrittenAndNothingIsLostOrFails(Seed seed) throws IOException {
    Path cacheFile = folder.resolve("cache");
    Path backingFile = folder.resolve("backing");
    SparseFiles.create(backingFile, BACKING_BYTES);
    Pcache.format(FormatOptions.of(cacheFile).withSizeBytes(CACHE_BYTES));
    ExpectedContent expected = new ExpectedContent(BACKING_BYTES, SectorContent.ZERO_ID);
    OpenOptions options = OpenOptions.of(cacheFile, backingFile);
    RateLimitedStore slow =
        RateLimitedStore.inRealTime(FileBackingStore.open(backingFile), BACKING_BYTES_PER_SECOND);

    try (Pcache cache = Pcache.open(options, slow)) {
      writeMuch(cache, expected, seed);
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(expected.sha256());
      assertThat(cache.drain((left, atStart) -> assertThat(left).isNotNegative())).isTrue();
      assertThat(cache.status().faults()).isEmpty();
    }

    assertThat(Sha256.of(backingFile)).isEqualTo(expected.sha256());
  }

  private static void writeMuch(Pcache cache, ExpectedContent expected, Seed seed) {
    var random = seed.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(WRITE_BYTES, 4096);
      int id = 1;
      for (long written = 0; written < WRITTEN_BYTES; written += WRITE_BYTES) {
        long offset = random.nextInt((int) (BACKING_BYTES / WRITE_BYTES)) * (long) WRITE_BYTES;
        SectorContent.fill(buffer, offset / BlockDevice.SECTOR_BYTES, id);
        expected.write(offset, WRITE_BYTES, id);
        cache.write(offset, buffer);
        id++;
      }
    }
  }
}
