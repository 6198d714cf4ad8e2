package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import org.junit.jupiter.api.Test;

class DaemonHeapCheckTest {
  private static final long MEMORY_BYTES = 16L << 30;

  @Test
  void aHeapThatJavaHasIsFine() {
    assertThatCode(() -> DaemonHeap.check(1L << 30, 1L << 30, MEMORY_BYTES))
        .doesNotThrowAnyException();
    assertThatCode(() -> DaemonHeap.check(1L << 30, 1000L << 20, MEMORY_BYTES))
        .doesNotThrowAnyException();
  }

  @Test
  void aTinyHeapIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(1 << 20, 1L << 30, MEMORY_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("1.00 MiB is too small; give at least 32.0 MiB");
  }

  @Test
  void aHeapThatJavaWasNotGivenIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(8L << 30, 1L << 30, MEMORY_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("this Java has 1.00 GiB");
  }

  /** As where the launcher has not understood the option, and gave Java what it gives without. */
  @Test
  void aHeapThatIsMuchLargerThanAskedForIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(64L << 20, 1L << 30, MEMORY_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("--heap asks for 64.0 MiB, but this Java has 1.00 GiB");
  }

  @Test
  void aHeapThatIsMoreThanTheMachineHasIsRefused() {
    assertThatThrownBy(() -> DaemonHeap.check(100L << 40, 1L << 30, MEMORY_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(
            "a heap of 100 TiB is more than the memory of this machine or control group, 16.0 GiB");
  }

  @Test
  void theMemoryOfThisMachineIsKnown() {
    assertThat(DaemonHeap.memoryBytes()).isGreaterThan(1L << 28);
  }
}
