package io.pcache.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The writer, the reader and the walk together. */
class LogWriterTest {
  private static final int HEADER = KeySetRecord.HEADER_BYTES;
  private static final int LARGEST = KeySetRecord.sizeBytes(KeySetRecord.MAX_KEYS);

  private final LogFixture log = new LogFixture();

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void batchesOfAnySizeAreReadBackInOrder(long seed) {
    Random random = new Random(seed);
    LogWriter writer = log.writerAt(LogFixture.START);
    int written = 0;
    for (int i = 0; i < 200; i++) {
      int keys = 1 + random.nextInt(random.nextBoolean() ? 4 : 600);
      LogFixture.append(writer, LogFixture.batch(written, keys, 1 + random.nextInt(128)));
      written += keys;
    }
    assertThat(log.numbersFrom(LogFixture.START)).isEqualTo(numbers(written));
    assertThat(log.endOfWalkFrom(LogFixture.START)).isEqualTo(writer.head().address());
  }

  @ParameterizedTest
  @ValueSource(ints = {-8, 0, 8, 16, 28})
  @DisplayName("hazard 29: nothing is appended where no header fits")
  void aLogThatEndsWhereNoHeaderFitsIsNotContinued(int roomBytes) {
    LogAddress end = new LogAddress(0, MediaLayout.DATA_AREA_BYTES - roomBytes);
    assertThatThrownBy(() -> log.writerAt(end))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a log has room for a header at its end");
  }

  @Test
  void batchesAcrossSegmentsAreReadBackInOrder() {
    LogWriter writer = log.writerAt(new LogAddress(0, MediaLayout.DATA_AREA_BYTES - 40_000));
    LogAddress start = writer.head().address();
    int written = 0;
    for (int i = 0; i < 20; i++) {
      LogFixture.append(writer, LogFixture.batch(written, 150, 128));
      written += 150;
    }
    assertThat(log.takenForLog()).containsExactly(1);
    assertThat(log.numbersFrom(start)).isEqualTo(numbers(written));
  }

  /**
   * Rooms around every boundary: one header, one key set of n keys, and one key set and a header.
   */
  static Stream<Integer> rooms() {
    return Stream.of(1, 2, 127, 128)
        .flatMap(keys -> {
          int size = KeySetRecord.sizeBytes(keys);
          return IntStream.rangeClosed(-4, 8).mapToObj(words -> size + words * 8);
        })
        .filter(room -> room >= HEADER)
        .distinct();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void theLogGoesOnWhateverRoomIsLeft(int roomBytes) {
    for (int keys : new int[] {1, 2, 127, 128, 129, 256, 300}) {
      LogFixture fresh = new LogFixture();
      LogAddress start = new LogAddress(0, MediaLayout.DATA_AREA_BYTES - roomBytes);
      LogWriter writer = fresh.writerAt(start);
      LogFixture.append(writer, LogFixture.batch(0, keys, 128));
      LogFixture.append(writer, LogFixture.batch(keys, 5, 2));
      assertThat(fresh.numbersFrom(start)).as("%d keys", keys).isEqualTo(numbers(keys + 5));
      assertThat(fresh.endOfWalkFrom(start)).isEqualTo(writer.head().address());
    }
  }

  @Test
  void aKeySetIsWrittenWhereAHeaderStillFitsAfterIt() {
    int room = KeySetRecord.sizeBytes(2) + HEADER;
    LogWriter writer = log.writerAt(new LogAddress(0, MediaLayout.DATA_AREA_BYTES - room));
    LogFixture.append(writer, LogFixture.batch(0, 2, 2));
    assertThat(log.takenForLog()).isEmpty();
    assertThat(writer.roomBytes()).isEqualTo(HEADER);
  }

  @Test
  void oneWordLessAndTheLogSwitchesFirst() {
    int room = KeySetRecord.sizeBytes(2) + HEADER - Long.BYTES;
    LogAddress start = new LogAddress(0, MediaLayout.DATA_AREA_BYTES - room);
    LogWriter writer = log.writerAt(start);
    LogFixture.append(writer, LogFixture.batch(0, 2, 2));
    assertThat(log.takenForLog()).containsExactly(1);
    assertThat(KeySetRecord.isLast(log.bytesAt(start), 0)).isTrue();
    assertThat(writer.head().address()).isEqualTo(new LogAddress(1, KeySetRecord.sizeBytes(2)));
  }

  @Test
  void aBatchMayTakeSeveralSegments() {
    LogAddress start = new LogAddress(0, MediaLayout.DATA_AREA_BYTES - HEADER);
    int keySets = MediaLayout.DATA_AREA_BYTES / LARGEST + 10;
    LogWriter writer = log.writerAt(start);
    LogFixture.append(writer, LogFixture.batch(0, keySets * 128, 128));
    assertThat(log.takenForLog()).containsExactly(1, 2);
    assertThat(log.numbersFrom(start)).isEqualTo(numbers(keySets * 128));
  }

  @ParameterizedTest
  @ValueSource(ints = {HEADER, 5144, 5144 + HEADER, 1 << 20})
  void whatIsPreparedIsInvisibleUntilPublished(int roomBytes) {
    LogAddress start = new LogAddress(0, MediaLayout.DATA_AREA_BYTES - roomBytes);
    LogWriter writer = log.writerAt(start);
    writer.prepare(LogFixture.batch(0, 400, 128));
    assertThat(log.numbersFrom(start)).isEmpty();
    assertThat(log.endOfWalkFrom(start)).isEqualTo(start);
    assertThat(LogEnd.classify(log.media, log.chain, start)).isEqualTo(LogEnd.Header.ZERO);
    assertThat(writer.head().address()).isEqualTo(start);
    writer.publish();
    assertThat(log.numbersFrom(start)).hasSize(400);
  }

  @Test
  void publishingWritesTheFirstHeaderAndNothingElse() {
    LogWriter writer = log.writerAt(LogFixture.START);
    writer.prepare(LogFixture.batch(0, 300, 128));
    log.media.events().clear();
    writer.publish();
    assertThat(log.media.events())
        .containsExactly("write " + log.chain.dataOffset(0) + "+" + HEADER);
  }

  @Test
  void theHeaderAfterABatchIsZero() {
    log.bytesAt(LogFixture.START).fill((byte) 0xFF);
    LogWriter writer = log.writerAt(LogFixture.START);
    writer.prepare(LogFixture.batch(0, 200, 128));
    writer.publish();
    MemorySegment after = log.bytesAt(writer.head().address());
    assertThat(after.asSlice(0, HEADER).mismatch(MemorySegment.ofArray(new byte[HEADER])))
        .isEqualTo(-1);
  }

  @Test
  void aBatchThatNeverWasPublishedIsOverwrittenByTheNext() {
    LogWriter lost = log.writerAt(LogFixture.START);
    lost.prepare(LogFixture.batch(500, 400, 128));
    LogWriter writer = log.writerAt(LogFixture.START);
    LogFixture.append(writer, LogFixture.batch(0, 1, 1));
    assertThat(log.numbersFrom(LogFixture.START)).containsExactly(0);
  }

  @Test
  void aBatchIsPublishedBeforeTheNextIsPrepared() {
    LogWriter writer = log.writerAt(LogFixture.START);
    assertThatThrownBy(writer::publish).isInstanceOf(AssertionError.class);
    writer.prepare(LogFixture.batch(0, 1, 1));
    assertThatThrownBy(() -> writer.prepare(LogFixture.batch(0, 1, 1)))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void stagedKeysComeOutInTheOrderInWhichTheyWentIn() {
    StagedKeysPool pool = new StagedKeysPool(2);
    KeySetStage stage = new KeySetStage(pool);
    for (int i = 0; i < 300; i++) {
      assertThat(stage.append(new Key().range(0, 512).place(3, 0).dataCrc(i))).isEqualTo(i + 1);
    }
    List<StagedKeys> batch = new ArrayList<>();
    stage.drainTo(batch);
    assertThat(stage.count()).isZero();
    LogFixture.append(log.writerAt(LogFixture.START), batch);
    assertThat(log.numbersFrom(LogFixture.START)).isEqualTo(numbers(300));
  }

  @Test
  void anEmptyStageHasNothingToDrain() {
    List<StagedKeys> batch = new ArrayList<>();
    new KeySetStage(new StagedKeysPool(1)).drainTo(batch);
    assertThat(batch).isEmpty();
  }

  @Test
  void aBufferGivenBackToThePoolComesEmpty() {
    StagedKeysPool pool = new StagedKeysPool(1);
    StagedKeys keys = pool.take();
    keys.append(new Key().range(0, 512).place(0, 0));
    pool.give(keys);
    pool.give(new StagedKeys());
    StagedKeys again = pool.take();
    assertThat(again).isSameAs(keys);
    assertThat(again.count()).isZero();
  }
}
