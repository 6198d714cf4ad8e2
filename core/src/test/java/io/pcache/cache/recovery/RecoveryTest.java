package io.pcache.cache.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import io.pcache.log.LogEnd;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However many threads recover a log, they find what its keys say one after the other. */
class RecoveryTest {
  private static final int[] THREADS = {1, 2, 3, 7};

  /** Every extent of every subtree, in words. */
  private static List<String> extents(ExtentIndex index, boolean withSourceKeys) {
    List<String> found = new ArrayList<>();
    ExtentCursor cursor = new ExtentCursor();
    for (int subtree = 0; subtree < index.subtrees(); subtree++) {
      index.seek(cursor, (long) subtree * MediaLayout.SUBTREE_BYTES);
      for (; cursor.isValid(); cursor.next()) {
        found.add(describe(cursor) + (withSourceKeys ? describeSourceKey(cursor) : ""));
      }
    }
    return found;
  }

  private static String describe(ExtentCursor cursor) {
    return "%d-%d in %d:%d%s"
        .formatted(
            cursor.offsetBytes(),
            cursor.endBytes(),
            cursor.cacheSegId(),
            cursor.segOffsetBytes(),
            cursor.isClean() ? " clean" : "");
  }

  private static String describeSourceKey(ExtentCursor cursor) {
    return " of %d+%d crc %d"
        .formatted(cursor.keySegOffsetBytes(), cursor.keyLengthBytes(), cursor.keyDataCrc());
  }

  private static void compare(RandomLog log, LogAddress dirtyFrom, String seed) {
    ExtentIndex expected = log.replay(dirtyFrom);
    assertThat(expected.extentCount()).as(seed).isPositive();
    for (int threads : THREADS) {
      String where = seed + ", " + threads + " threads";
      Recovery recovered = recover(log, threads);
      assertThat(extents(recovered.index(), log.geometry().dataCrc()))
          .as(where)
          .isEqualTo(extents(expected, log.geometry().dataCrc()));
      assertThat(recovered.index().extentCount()).as(where).isEqualTo(expected.extentCount());
      assertThat(recovered.dirtyBytes()).as(where).isEqualTo(log.dirtyBytes());
      assertThat(recovered.keyHead().address()).as(where).isEqualTo(log.end());
      assertThat(recovered.dirtyTail().address()).as(where).isEqualTo(dirtyFrom);
      compareSegments(recovered.segments(), log, where);
    }
  }

  private static void compareSegments(RecoveredSegments segments, RandomLog log, String where) {
    for (int i = 0; i < RandomLog.SEGMENTS; i++) {
      assertThat(segments.references(i)).as(where).isEqualTo(log.references(i));
      assertThat(segments.isLog(i)).as(where).isEqualTo(log.isLog(i));
    }
    assertThat(segments.lastLog()).as(where).isEqualTo(log.end().cacheSegId());
  }

  private static Recovery recover(RandomLog log, int threads) {
    SharedMemory memory = new ProcessMemory(Staging.MEMORY_BYTES, "not asked for");
    return Recovery.of(
        log.geometry(),
        LogEnd.Writer.PCACHE,
        null,
        new Staging(memory, null),
        threads,
        Long.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, true", "3, false", "4, true"})
  void anyNumberOfThreadsFindsTheSame(long seed, boolean dataCrc) {
    RandomLog log = new RandomLog(seed, dataCrc);
    LogAddress keyTail = log.boundary(0);
    LogAddress dirtyTail = log.randomBoundary();
    log.storeTails(keyTail, dirtyTail);
    compare(log, dirtyTail, "seed " + seed);
  }

  @ParameterizedTest
  @CsvSource({"5, false", "6, true"})
  void withAnOldDirtyTailEverythingIsDirtyForAnyNumberOfThreads(long seed, boolean dataCrc) {
    RandomLog log = new RandomLog(seed, dataCrc);
    LogAddress keyTail = log.boundary(5);
    log.storeTails(keyTail, log.boundary(2));
    log.beginAt(5);
    compare(log, keyTail, "seed " + seed);
  }

  @Test
  void whatOneThreadRefusesAnyNumberRefuses() {
    RandomLog log = new RandomLog(7, false);
    log.storeTails(log.boundary(0), log.boundary(0));
    log.appendImpossibleKey();
    for (int threads : THREADS) {
      assertThatThrownBy(() -> recover(log, threads))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("crosses a 4 MiB boundary");
    }
  }
}
