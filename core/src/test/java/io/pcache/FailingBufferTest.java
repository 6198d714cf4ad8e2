package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.AwaitedRequest;
import io.pcache.error.BadOptionException;
import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caller's buffer that maps a file which somebody cuts short. */
class FailingBufferTest {
  private static final int BUFFER_BYTES = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void itsRequestFailsAndTheCacheDeviceIsNotBlamed(boolean dataCrc) throws IOException {
    CacheFiles files = CacheFiles.in(folder);
    Pcache.format(
        FormatOptions.of(files.cache())
            .withSizeBytes(MediaLayout.MIN_CACHE_BYTES)
            .withDataCrc(dataCrc));
    try (Arena arena = Arena.ofShared();
        Pcache cache = files.open()) {
      cache.write(0, MemorySegment.ofArray(new byte[BUFFER_BYTES]));
      MemorySegment buffer = mappedAndCut(arena);
      AwaitedRequest request = new AwaitedRequest();
      request.prepareWrite(0, buffer);
      assertThatThrownBy(() -> request.runOn(cache.device()))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("page of the buffer");
      request.prepareRead(0, buffer);
      assertThatThrownBy(() -> request.runOn(cache.device()))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("page of the buffer");
      assertThat(cache.status().faults()).isEmpty();
      cache.write(0, MemorySegment.ofArray(new byte[BUFFER_BYTES]));
    }
  }

  private MemorySegment mappedAndCut(Arena arena) throws IOException {
    Path file = folder.resolve("buffer");
    CacheFiles.setLength(file, BUFFER_BYTES);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment mapped =
          channel.map(FileChannel.MapMode.READ_WRITE, 0, BUFFER_BYTES, arena).fill((byte) 7);
      CacheFiles.setLength(file, 4096);
      return mapped;
    }
  }
}
