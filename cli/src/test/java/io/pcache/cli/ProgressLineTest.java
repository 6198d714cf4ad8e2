package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(shown, true, StandardCharsets.UTF_8);

  @Test
  void shortWorkShowsNothing() {
    for (boolean terminal : new boolean[] {false, true}) {
      ProgressLine line = new ProgressLine(err, terminal, "opening");
      line.update(TimeUnit.MILLISECONDS.toNanos(1999), "");
      line.end();
    }
    assertThat(shown()).isEmpty();
  }

  @Test
  void elsewhereALineComesEveryFewSeconds() {
    ProgressLine line = new ProgressLine(err, false, "writing back");
    for (int second = 1; second <= 12; second++) {
      line.update(TimeUnit.SECONDS.toNanos(second), second + " left");
    }
    line.end();
    assertThat(shown().lines())
        .containsExactly(
            "pcache: writing back: 2 left (2 s)",
            "pcache: writing back: 7 left (7 s)",
            "pcache: writing back: 12 left (12 s)");
  }

  @Test
  void otherTestsKnowItsLinesFromErrors() {
    for (String what : List.of("opening /a b (c)", "formatting x", "stopping", "writing back")) {
      ProgressLine line = new ProgressLine(err, false, what);
      line.update(TimeUnit.SECONDS.toNanos(3), "");
      line.update(TimeUnit.SECONDS.toNanos(9), "2 left");
    }
    String error = "pcache: x: no answer in 5 s\n";
    assertThat(ProgressLines.removedFrom(shown() + error + shown() + error))
        .isEqualTo(error + error);
  }

  @Test
  void aTerminalHasOneLineThatGoesAway() {
    ProgressLine line = new ProgressLine(err, true, "opening");
    line.update(TimeUnit.SECONDS.toNanos(2), "");
    line.update(TimeUnit.SECONDS.toNanos(3), "");
    line.end();
    assertThat(shown())
        .isEqualTo("\r\u001b[Kpcache: opening (2 s)\r\u001b[Kpcache: opening (3 s)\r\u001b[K");
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }
}
