package io.pcache.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RatioTableTest {
  private final RatioTable table = new RatioTable();

  @Test
  void aRatioIsHowManyCopiesAnOperationLasts() {
    table.add("write", "copy", 750, 30.25);
    table.add("copy", "copy", 300, 6);

    assertThat(table.format().lines())
        .anySatisfy(line -> assertThat(line).matches("write +750\\.0 +30\\.[23] +2\\.50"))
        .anySatisfy(line -> assertThat(line).matches("copy +300\\.0 +6\\.0 +1\\.00"));
  }

  @Test
  void withoutTheCopyThereAreNoRatios() {
    table.add("write", "copy", 750, 30);

    assertThat(table.format().lines())
        .anySatisfy(line -> assertThat(line).matches("write +750\\.0 +30\\.0 +-"));
  }

  @Test
  void anErrorThatIsNotKnownIsNotPrinted() {
    table.add("copy", "copy", 300, Double.NaN);

    assertThat(table.format().lines())
        .anySatisfy(line -> assertThat(line).matches("copy +300\\.0 +- +1\\.00"));
  }
}
