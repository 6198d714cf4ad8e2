package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The model accepts a cache that keeps its promises and notices every way of breaking one. */
@ExtendWith(Seeds.class)
class ModelRunTest {
  private static final long DEVICE_BYTES = 24L << 20;

  private static void run(int threads, ArrayCache.Fault fault, Seed seed)
      throws InterruptedException {
    try (ArrayCache cache = new ArrayCache(DEVICE_BYTES, seed.random(99), fault)) {
      new ModelRun(cache, new ModelSettings(12_000, threads, 16, 4 << 20), seed).run();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void aCacheThatKeepsItsPromisesPasses(int threads, Seed seed) throws InterruptedException {
    run(threads, ArrayCache.Fault.NONE, seed);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aBrokenPromiseIsNoticed(ArrayCache.Fault fault, Seed seed) {
    assertThatThrownBy(() -> run(1, fault, seed))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("sector ");
    assertThatThrownBy(() -> run(8, fault, seed))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("sector ");
  }

  @Test
  void aFailureTellsTheStoryOfItsSector(Seed seed) {
    assertThatThrownBy(() -> run(1, ArrayCache.Fault.WRITES_A_SECTOR_LESS, seed))
        .hasMessageContaining("what happened to it:")
        .hasMessageContaining("write sectors ");
  }

  @Test
  void everyThreadHasStripesOfItsOwn() {
    Stripes stripes = new Stripes(8, 3, 100);
    for (int sector = 0; sector < 100; sector++) {
      for (int thread = 0; thread < 3; thread++) {
        int own = stripes.own(thread, sector);
        assertThat(own / 8 % 3).isEqualTo(thread);
        assertThat(own).isLessThan(stripes.end(own));
        assertThat(stripes.end(own)).isLessThanOrEqualTo(100);
      }
    }
  }

  @Test
  void sizesAreSmallForTheMostPartAndReachTheLargest(Seed seed) {
    RequestSizes sizes = new RequestSizes(new Random(seed.value()));
    int small = 0;
    int largest = 0;
    for (int i = 0; i < 100_000; i++) {
      int sectors = sizes.nextSectors();
      assertThat(sectors).isBetween(1, RequestSizes.MAX_SECTORS);
      small += sectors <= 8 ? 1 : 0;
      largest = Math.max(largest, sectors);
    }
    assertThat(small).isGreaterThan(60_000);
    assertThat(largest).isGreaterThan(RequestSizes.MAX_SECTORS / 2);
  }
}
