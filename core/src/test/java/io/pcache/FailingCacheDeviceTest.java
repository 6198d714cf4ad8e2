package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.error.MediaFailureException;
import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache file that somebody cuts short while it is open: the requests it hits fail, no more. */
class FailingCacheDeviceTest {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** The log's first segment stays, every data segment goes. */
  private static final long ONE_SEGMENT_LEFT = MediaLayout.segmentOffset(1);

  @TempDir Path folder;

  @Test
  void aReadThatMeetsAMissingPageFailsAndOthersGoOn() throws IOException {
    CacheFiles files = CacheFiles.in(folder).formatted();
    Pcache cache = files.open();
    CacheFiles.write(cache, 0, 7);
    assertThat(cache.drain((left, atStart) -> {})).isTrue();
    CacheFiles.setLength(files.cache(), ONE_SEGMENT_LEFT);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> CacheFiles.read(cache, 0))
          .isInstanceOf(MediaFailureException.class)
          // The latter once the watch has looked.
          .hasMessageMatching(
              ".*(a page of the mapping failed during a read of 4096 bytes at byte 0|was cut).*");
    }
    assertThat(CacheFiles.read(cache, 1 << 20)).containsOnly(0);
    assertThat(cache.status().reads()).isEqualTo(4);
    cache.kill();
  }

  @Test
  void aLargeReadThatMeetsAMissingPageFailsOnce() throws IOException {
    CacheFiles files = CacheFiles.in(folder).formatted();
    Pcache cache = files.open();
    MemorySegment megabytes = MemorySegment.ofArray(new byte[3 << 20]);
    cache.write(4096, megabytes);
    assertThat(cache.drain((left, atStart) -> {})).isTrue();
    CacheFiles.setLength(files.cache(), ONE_SEGMENT_LEFT);
    assertThatThrownBy(() -> cache.read(0, megabytes)).isInstanceOf(MediaFailureException.class);
    cache.kill();
  }

  @Test
  void aWriteThatMeetsAMissingPageFailsAndOthersGoOn() throws IOException {
    assumeTrue(
        Files.isDirectory(SHARED_MEMORY)
            && Files.getFileStore(SHARED_MEMORY).type().equals("tmpfs"),
        SHARED_MEMORY + " is not tmpfs here");
    Path cacheFile = Files.createTempFile(SHARED_MEMORY, "pcache-test", ".cache");
    try {
      CacheFiles files = new CacheFiles(cacheFile, CacheFiles.in(folder).backing()).formatted();
      Pcache cache = files.open();
      CacheFiles.setLength(cacheFile, ONE_SEGMENT_LEFT);
      assertThatThrownBy(() -> CacheFiles.write(cache, 0, 7))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageMatching(".*(cut short|was cut).*");
      assertThat(CacheFiles.read(cache, 0)).containsOnly(0);
      cache.kill();
    } finally {
      Files.delete(cacheFile);
    }
  }
}
