package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import io.pcache.backing.ForwardingStore;
import io.pcache.error.BackingFailureException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a cache that somebody cuts while they are served, and that must not grow again. */
@DisplayName("hazard 42: a file that was cut is not extended, and its zeroes are not data")
class CutFilesTest {
  private static final int BLOCK = 4096;
  private static final long BLOCKS_BYTES = 16L << 20;
  private static final long CUT_CACHE_BYTES = 128L << 20;
  private static final long CUT_BACKING_BYTES = 16L << 20;
  private static final long LAST_BLOCK = CacheFiles.BACKING_BYTES - BLOCK;

  @TempDir Path folder;
  private CacheFiles files = new CacheFiles(Path.of(""), Path.of(""));

  @BeforeEach
  void format() throws IOException {
    files = CacheFiles.in(folder).formatted();
  }

  /** Fills more of the cache than will be left of it. */
  private static void fill(Pcache cache, int lastValue) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[1 << 20]);
    for (int pass = 15; pass >= 0; pass--) {
      bytes.fill((byte) (lastValue + pass));
      for (long at = 0; at < BLOCKS_BYTES; at += bytes.byteSize()) {
        cache.write(at, bytes);
      }
    }
    cache.flush();
  }

  private static void awaitCondition(Pcache cache, String cacheFile, String backingFile) {
    await()
        .atMost(240, TimeUnit.SECONDS)
        .untilAsserted(() -> {
          assertThat(cache.status().cacheFile()).isEqualTo(cacheFile);
          assertThat(cache.status().backingFile()).isEqualTo(backingFile);
        });
  }

  private static void awaitFaults(Pcache cache, Predicate<String> condition) {
    await()
        .atMost(240, TimeUnit.SECONDS)
        .until(() -> condition.test(cache.status().faults().toString()));
  }

  private static void writeUntilRefused(Pcache cache) {
    for (int i = 0; i < CacheFiles.BACKING_BYTES / BLOCK; i++) {
      CacheFiles.write(cache, (long) i * BLOCK, 99);
    }
    cache.flush();
  }

  @Test
  void noWriteExtendsACutCacheFile() throws IOException {
    Pcache cache = files.open();
    fill(cache, 1);
    CacheFiles.setLength(files.cache(), CUT_CACHE_BYTES);
    assertThatThrownBy(() -> writeUntilRefused(cache))
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("was cut");
    assertThat(Files.size(files.cache())).isEqualTo(CUT_CACHE_BYTES);
    cache.kill();
  }

  /** Its writes fail on demand. */
  private static final class FailingStore extends ForwardingStore {
    private volatile boolean fails;

    FailingStore(BackingStore store) {
      super(store);
    }

    @Override
    public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
      if (fails) {
        throw new IOException("simulated");
      }
      super.write(pieces, offsetBytes);
    }
  }

  @Test
  void whatWasCutOffACacheFileIsNoDataThoughTheFileIsLongAgain() throws IOException {
    FailingStore store = new FailingStore(FileBackingStore.open(files.backing()));
    Pcache cache = Pcache.open(files.options(), store);
    fill(cache, 1);
    assertThat(cache.drain((left, atStart) -> {})).isTrue();
    store.fails = true;
    fill(cache, 50);
    awaitFaults(cache, faults -> faults.contains("tried again"));
    CacheFiles.setLength(files.cache(), CUT_CACHE_BYTES);
    awaitCondition(cache, "cut", "as-opened");
    awaitFaults(cache, faults -> !faults.contains("tried again"));
    CacheFiles.setLength(files.cache(), MediaLayout.MIN_CACHE_BYTES);
    store.fails = false;
    assertThatThrownBy(() -> cache.drain((left, atStart) -> {}))
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("was cut");
    for (long at = 0; at < BLOCKS_BYTES; at += 1 << 20) {
      assertIsNoZero(cache, at);
      assertThat(CacheFiles.read(files.backing(), at, 1)[0]).isNotZero();
    }
    assertThat(cache.status().dirtyBytes()).isPositive();
    assertThat(cache.status().survivesKill()).isFalse();
    assertThat(cache.status().outlivesPowerCut()).isFalse();
    cache.kill();
  }

  @Test
  void aCacheThatWasCutWhileItWasServedOpensNoMoreThoughItIsLongAgain() throws IOException {
    Pcache cache = files.open();
    fill(cache, 1);
    CacheFiles.setLength(files.cache(), CUT_CACHE_BYTES);
    awaitCondition(cache, "cut", "as-opened");
    CacheFiles.setLength(files.cache(), MediaLayout.MIN_CACHE_BYTES);
    assertThatThrownBy(cache::close)
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("was cut");
    String why = "was cut to " + CUT_CACHE_BYTES + " bytes while it was served";
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContainingAll(files.cache().toString(), why, "from a copy");
    assertThatThrownBy(() -> CacheRepair.open(files.cache()))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aKilledProcessLeavesTheMarkOfTheCutThatItSaw() throws IOException {
    Pcache cache = files.open();
    fill(cache, 1);
    CacheFiles.setLength(files.cache(), CUT_CACHE_BYTES);
    await().atMost(240, TimeUnit.SECONDS).until(() -> ownRecordsHold(CUT_CACHE_BYTES));
    cache.kill();
    CacheFiles.setLength(files.cache(), MediaLayout.MIN_CACHE_BYTES);
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("was cut to " + CUT_CACHE_BYTES + " bytes while it was served");
  }

  private boolean ownRecordsHold(long word) throws IOException {
    try (var in = Files.newInputStream(files.cache())) {
      ByteBuffer records = ByteBuffer.wrap(in.readNBytes(4096)).order(ByteOrder.LITTLE_ENDIAN);
      LongBuffer words = records.asLongBuffer();
      return IntStream.range(0, words.limit()).anyMatch(i -> words.get(i) == word);
    }
  }

  private static void assertIsNoZero(Pcache cache, long at) {
    try {
      assertThat(CacheFiles.read(cache, at)).doesNotContain(0);
    } catch (PcacheException e) {
      assertThat(e).isInstanceOf(MediaFailureException.class).hasMessageContaining("was cut");
    }
  }

  @Test
  void aCacheFileThatIsDeletedIsSaidToEndWithTheProcess() throws IOException {
    try (Pcache cache = files.open()) {
      Files.delete(files.cache());
      awaitCondition(cache, "deleted", "as-opened");
      assertThat(cache.status().survivesKill()).isFalse();
      assertThat(cache.status().outlivesPowerCut()).isFalse();
      assertThat(cache.status().staging()).contains("deleted");
    }
  }

  @Test
  void writeBackExtendsNoCutBackingFile() throws IOException {
    Pcache cache = files.open();
    CacheFiles.write(cache, LAST_BLOCK, 1);
    assertThat(cache.drain((left, atStart) -> {})).isTrue();
    CacheFiles.setLength(files.backing(), CUT_BACKING_BYTES);
    CacheFiles.write(cache, LAST_BLOCK, 2);
    cache.flush();
    await()
        .atMost(240, TimeUnit.SECONDS)
        .untilAsserted(
            () -> assertThat(cache.status().faults().toString()).contains("write-back", "was cut"));
    awaitCondition(cache, "as-opened", "cut");
    assertThat(Files.size(files.backing())).isEqualTo(CUT_BACKING_BYTES);
    assertThatThrownBy(cache::close)
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining("was cut");
    CacheFiles.setLength(files.backing(), CacheFiles.BACKING_BYTES);
    try (Pcache next = files.open()) {
      assertThat(CacheFiles.read(next, LAST_BLOCK)).containsOnly(2);
      assertThat(next.drain((left, atStart) -> {})).isTrue();
    }
    assertThat(CacheFiles.read(files.backing(), LAST_BLOCK, BLOCK)).containsOnly(2);
  }

  @Test
  void aBackingFileThatWasCutIsNotTakenForTheSameByTheNextOpen() throws IOException {
    Pcache cache = files.open();
    MemorySegment bytes = MemorySegment.ofArray(new byte[1 << 20]).fill((byte) 1);
    for (long at = 0; at < CacheFiles.BACKING_BYTES; at += bytes.byteSize()) {
      cache.write(at, bytes);
    }
    cache.close();
    try (Pcache again = files.open()) {
      assertThat(again.drain((left, atStart) -> {})).isTrue();
    }
    Pcache served = files.open();
    CacheFiles.setLength(files.backing(), CUT_BACKING_BYTES);
    awaitCondition(served, "as-opened", "cut");
    CacheFiles.setLength(files.backing(), CacheFiles.BACKING_BYTES);
    assertThatThrownBy(served::close)
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining("was cut");
    assertThatThrownBy(files::open)
        .isInstanceOf(PcacheException.class)
        .hasMessageContaining("sampled sectors differ");
  }

  @Test
  void zeroesOfABackingFileThatWasCutAreNotCached() throws IOException {
    byte[] sevens = new byte[BLOCK];
    Arrays.fill(sevens, (byte) 7);
    CacheFiles.overwrite(files.backing(), LAST_BLOCK, sevens);
    files.open().close();
    Pcache served = files.open();
    CacheFiles.setLength(files.backing(), CUT_BACKING_BYTES);
    awaitCondition(served, "as-opened", "cut");
    CacheFiles.setLength(files.backing(), CacheFiles.BACKING_BYTES);
    assertThatThrownBy(() -> CacheFiles.read(served, LAST_BLOCK))
        .isInstanceOf(BackingFailureException.class)
        .hasMessageContaining("was cut from");
    assertThat(CacheFiles.read(served, 0)).containsOnly(0);
    assertThatThrownBy(served::close).isInstanceOf(BackingFailureException.class);
    CacheFiles.overwrite(files.backing(), LAST_BLOCK, sevens);
    try (Pcache next = files.open()) {
      assertThat(CacheFiles.read(next, LAST_BLOCK)).containsOnly(7);
    }
  }
}
