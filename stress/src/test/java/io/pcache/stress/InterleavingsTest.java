package io.pcache.stress;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** What is wrong in some interleavings only is found. */
class InterleavingsTest {
  @Test
  void aLostUpdateIsFound() {
    assertThatThrownBy(() -> Interleavings.tryAll(UnsafeCounter.class))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Invalid execution results");
  }

  /** Reads and writes in two steps. */
  public static final class UnsafeCounter {
    private int count;

    /** One more. */
    @Operation
    public int increment() {
      count++;
      return count;
    }
  }
}
