package io.pcache.log;

import static io.pcache.log.LogEnd.Header.OTHER;
import static io.pcache.log.LogEnd.Header.PARTIAL;
import static io.pcache.log.LogEnd.Header.ZERO;
import static io.pcache.log.LogEnd.Meaning.CLEAN;
import static io.pcache.log.LogEnd.Meaning.DAMAGED;
import static io.pcache.log.LogEnd.Meaning.TORN;
import static io.pcache.log.LogEnd.Writer.PCACHE;
import static io.pcache.log.LogEnd.Writer.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogEndTest {
  record Row(
      LogEnd.Header header, boolean validBeyond, LogEnd.Writer writer, LogEnd.Meaning meaning) {}

  /** Every combination there is. */
  static final List<Row> TABLE =
      List.of(
          new Row(ZERO, false, PCACHE, CLEAN),
          new Row(ZERO, false, UNKNOWN, CLEAN),
          new Row(ZERO, true, PCACHE, CLEAN),
          new Row(ZERO, true, UNKNOWN, CLEAN),
          new Row(PARTIAL, false, PCACHE, TORN),
          new Row(PARTIAL, false, UNKNOWN, TORN),
          new Row(PARTIAL, true, PCACHE, TORN),
          new Row(PARTIAL, true, UNKNOWN, DAMAGED),
          new Row(OTHER, false, PCACHE, DAMAGED),
          new Row(OTHER, false, UNKNOWN, TORN),
          new Row(OTHER, true, PCACHE, DAMAGED),
          new Row(OTHER, true, UNKNOWN, DAMAGED));

  private static final int ALL_WORDS = 0b111;

  private final LogFixture log = new LogFixture();

  @ParameterizedTest
  @FieldSource("TABLE")
  void theTableDecides(Row row) {
    assertThat(LogEnd.decide(row.header(), row.validBeyond(), row.writer()))
        .isEqualTo(row.meaning());
  }

  @Test
  void theTableHasEveryCombinationOnce() {
    int combinations = LogEnd.Header.values().length * 2 * LogEnd.Writer.values().length;
    assertThat(TABLE.stream().map(row -> List.of(row.header(), row.validBeyond(), row.writer())))
        .hasSize(combinations)
        .doesNotHaveDuplicates();
  }

  private LogEnd.Header classify(LogAddress position) {
    return LogEnd.classify(log.media, log.chain, position);
  }

  /** Leaves only some of the header's three words in place. */
  private void tear(int wordsPresent) {
    for (int word = 0; word < 3; word++) {
      if ((wordsPresent & (1 << word)) == 0) {
        log.bytesAt(LogFixture.START).set(LittleEndian.U64, (long) word * Long.BYTES, 0L);
      }
    }
  }

  /** For a set with keys the third word, its flags, is zero anyway. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void anySubsetOfTheWordsOfAKeySetsHeaderIsSeenAsTorn(int wordsPresent) {
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(0, 3, 3));
    tear(wordsPresent);
    boolean whole = (wordsPresent & 0b011) == 0b011;
    if (whole) {
      assertThat(log.numbersFrom(LogFixture.START)).hasSize(3);
    } else {
      assertThat(log.numbersFrom(LogFixture.START)).isEmpty();
      assertThat(classify(LogFixture.START))
          .isEqualTo((wordsPresent & 0b011) == 0 ? ZERO : PARTIAL);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void anySubsetOfTheWordsOfALastHeaderIsSeenAsTorn(int wordsPresent) {
    KeySetRecord.sealLast(log.bytesAt(LogFixture.START), 0, 2);
    tear(wordsPresent);
    if (wordsPresent == ALL_WORDS) {
      assertThat(log.endOfWalkFrom(LogFixture.START)).isEqualTo(new LogAddress(2, 0));
    } else {
      assertThat(log.endOfWalkFrom(LogFixture.START)).isEqualTo(LogFixture.START);
      assertThat(classify(LogFixture.START)).isEqualTo(wordsPresent == 0 ? ZERO : PARTIAL);
    }
  }

  @Test
  void aWholeHeaderWithDamagedKeysIsNotTorn() {
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(0, 3, 3));
    log.bytesAt(LogFixture.START).set(LittleEndian.U64, 40, -1L);
    assertThat(classify(LogFixture.START)).isEqualTo(OTHER);
  }

  @Test
  void aWrongMagicOrUnknownFlagsAreNotTorn() {
    log.bytesAt(LogFixture.START).set(LittleEndian.U64, KeySetRecord.MAGIC_OFFSET, 5L);
    assertThat(classify(LogFixture.START)).isEqualTo(OTHER);
    log.bytesAt(LogFixture.START).set(LittleEndian.U64, KeySetRecord.MAGIC_OFFSET, 0L);
    log.bytesAt(LogFixture.START).set(LittleEndian.U64, KeySetRecord.FLAGS_OFFSET, 2L);
    assertThat(classify(LogFixture.START)).isEqualTo(OTHER);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 16})
  void noRoomForAHeaderIsNotTorn(int roomBytes) {
    assertThat(classify(new LogAddress(0, MediaLayout.DATA_AREA_BYTES - roomBytes)))
        .isEqualTo(OTHER);
  }

  @Test
  void theLastHeaderThatFitsIsLookedAt() {
    assertThat(classify(new LogAddress(0, MediaLayout.DATA_AREA_BYTES - 24))).isEqualTo(ZERO);
  }

  private static long generationZero(int segment) {
    return 0;
  }

  private LogEnd.Beyond beyond(IntToLongFunction generations) {
    return LogEnd.scanBeyond(log.media, log.chain, LogFixture.START, generations);
  }

  /** Three key sets of 128, 128 and 4 keys, of which the first cannot be read. */
  private void appendThreeAndDamageTheFirst() {
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(0, 260, 128));
    log.bytesAt(LogFixture.START).set(LittleEndian.U32, 0, 0);
  }

  @Test
  void keySetsBeyondTheEndAreCounted() {
    appendThreeAndDamageTheFirst();
    assertThat(beyond(LogEndTest::generationZero)).isEqualTo(new LogEnd.Beyond(2, 132));
  }

  @Test
  void aLastKeySetBeyondTheEndCounts() {
    KeySetRecord.sealLast(log.bytesAt(LogFixture.START), 1000, 1);
    assertThat(beyond(LogEndTest::generationZero)).isEqualTo(new LogEnd.Beyond(1, 0));
  }

  @Test
  void keySetsWithAKeyOfAnOlderGenerationDoNotCount() {
    appendThreeAndDamageTheFirst();
    assertThat(beyond(segment -> segment == 3 ? 1 : 0)).isEqualTo(LogEnd.Beyond.NOTHING);
    assertThat(beyond(segment -> segment == 2 ? 1 : 0)).isEqualTo(new LogEnd.Beyond(2, 132));
  }

  @Test
  void keySetsThatNameSegmentsOutOfRangeDoNotCount() {
    MemorySegment bytes = log.bytesAt(LogFixture.START);
    new Key().range(0, 512).place(LogFixture.SEGMENTS, 0).store(bytes, 1024);
    KeySetRecord.seal(bytes, 1000, 1);
    assertThat(beyond(LogEndTest::generationZero)).isEqualTo(LogEnd.Beyond.NOTHING);
  }

  @Test
  void theKeySetAtTheEndItselfIsNotBeyondIt() {
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(0, 3, 3));
    assertThat(beyond(LogEndTest::generationZero)).isEqualTo(LogEnd.Beyond.NOTHING);
  }

  @Test
  void theScanReachesTheEndOfTheDataArea() {
    KeySetRecord.sealLast(
        log.bytesAt(LogFixture.START), MediaLayout.DATA_AREA_BYTES - KeySetRecord.HEADER_BYTES, 1);
    assertThat(beyond(LogEndTest::generationZero)).isEqualTo(new LogEnd.Beyond(1, 0));
  }
}
