package io.pcache.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import org.junit.jupiter.api.Test;

class LogPositionTest {
  private static final LogPosition START = LogPosition.first(new LogAddress(7, 4096));

  @Test
  void positionsAreInTheOrderOfTheLogWhateverTheirSegments() {
    LogPosition later = START.at(8192);
    LogPosition next = later.startOfNext(2);
    LogPosition last = next.at(64).startOfNext(5);
    assertThat(new LogPosition[] {START, later, next, next.at(64), last})
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(START.isBefore(later)).isTrue();
    assertThat(later.isBefore(START)).isFalse();
    assertThat(START.isBefore(START)).isFalse();
    assertThat(last.address()).isEqualTo(new LogAddress(5, 0));
  }

  @Test
  void theEarlierOfTwoIsEither() {
    LogPosition next = START.startOfNext(0);
    assertThat(LogPosition.earlier(START, next)).isEqualTo(START);
    assertThat(LogPosition.earlier(next, START)).isEqualTo(START);
    assertThat(LogPosition.earlier(next, next)).isEqualTo(next);
  }

  @Test
  void aPositionIsTheSameOnEveryWayThatLeadsToIt() {
    LogPosition byKeySets = START.at(4160).at(4224).startOfNext(3).at(64);
    LogPosition throughAGap = START.startOfNext(3).at(64);
    assertThat(byKeySets).isEqualTo(throughAGap);
    assertThat(byKeySets.sequenceBytes()).isEqualTo(MediaLayout.DATA_AREA_BYTES + 64L);
  }

  @Test
  void theSameSegmentUsedAgainIsAnotherPartOfTheLog() {
    LogPosition again = START.startOfNext(2).startOfNext(7).at(4096);
    assertThat(again.address()).isEqualTo(START.address());
    assertThat(again.isInSegmentOf(START)).isFalse();
    assertThat(START.at(64 << 10).isInSegmentOf(START)).isTrue();
    assertThat(again).isNotEqualTo(START);
  }
}
