package io.pcache.backing;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.OutstandingCalls.Outstanding;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("hazard 30: a write to the backing device may wait for the cache device")
class StoreCallsTest {
  private static final Outstanding NONE = new Outstanding(0, 0);
  private static final Outstanding ONE = new Outstanding(1, 7);
  private static final long PIECE_BYTES = 64 << 10;

  private final ManualClock clock = new ManualClock();
  private final StoreCalls calls = new StoreCalls(clock);

  @TempDir private Path folder;

  @Test
  void aWriteWhoseSourceIsNotInMemoryMayWaitForThatSource() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment mapped = map(arena);
      List<MemorySegment> pieces = List.of(arena.allocate(512), mapped.asSlice(0, PIECE_BYTES));
      int call = calls.beginWrite(pieces);
      clock.advance(7);
      assertThat(calls.missingSource(7)).isEqualTo(pieces.getLast());
      assertThat(calls.missingSource(8)).isNull();
      assertThat(calls.waitingForStore().longerThan(7)).isEqualTo(NONE);
      assertThat(calls.all().longerThan(7)).isEqualTo(ONE);

      mapped.load();
      assertThat(calls.missingSource(7)).isNull();
      assertThat(calls.waitingForStore().longerThan(7)).isEqualTo(ONE);

      calls.endWrite(call, pieces.size());
      assertThat(calls.all().longerThan(0)).isEqualTo(NONE);
    }
  }

  @Test
  void aReadInThePlaceOfAWriteWaitsForTheStore() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      List<MemorySegment> pieces = Collections.nCopies(300, map(arena));
      int write = calls.beginWrite(pieces);
      calls.endWrite(write, pieces.size());
      assertThat(calls.begin()).isEqualTo(write);
      clock.advance(7);
      assertThat(calls.missingSource(0)).isNull();
      assertThat(calls.waitingForStore().longerThan(0)).isEqualTo(ONE);
    }
  }

  @Test
  void aSourceThatIsGoneIsNotWaitedFor() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      var _ = calls.beginWrite(List.of(map(arena)));
    }
    assertThat(calls.missingSource(0)).isNull();
  }

  /** Nothing has read the file yet, so the system holds no page of it. */
  private MemorySegment map(Arena arena) throws IOException {
    Path file = SparseFiles.create(folder.resolve("file"), 1 << 20);
    try (FileChannel channel = FileChannel.open(file)) {
      return channel.map(MapMode.READ_ONLY, 0, 1 << 20, arena);
    }
  }
}
