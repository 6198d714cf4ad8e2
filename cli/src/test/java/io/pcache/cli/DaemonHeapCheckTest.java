package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import org.junit.jupiter.api.Test;

class DaemonHeapCheckTest {
  @Test
  void aHeapThatJavaHasIsFine() {
    assertThatCode(() -> DaemonHeap.check(1L << 30, 1L << 30)).doesNotThrowAnyException();
    assertThatCode(() -> DaemonHeap.check(1L << 30, 1000L << 20)).doesNotThrowAnyException();
  }

  @Test
  void aTinyHeapIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(1 << 20, 1L << 30))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("1.00 MiB is too small; give at least 32.0 MiB");
  }

  @Test
  void aHeapThatJavaWasNotGivenIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(8L << 30, 1L << 30))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("this Java has 1.00 GiB");
  }
}
