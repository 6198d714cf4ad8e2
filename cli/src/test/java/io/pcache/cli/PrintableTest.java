package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"", "plain /dev/sdb", "gr\u00fcn \u6f22\u5b57 \ud83d\ude00", "back\\slash"})
  void whatPeopleWriteStaysAsItIs(String text) {
    assertThat(Printable.line(text)).isEqualTo(text);
  }

  @Test
  void whatDoesSomethingToATerminalIsShownInstead() {
    assertThat(Printable.line("a\u001b[2J\r\n\t\u007f\u009b\u2028\u202e\ud800"))
        .isEqualTo("a\\x1b[2J\\x0d\\x0a\\x09\\x7f\\x9b\\u2028\\u202e\\ud800");
  }

  @Test
  void noFurtherLineLooksLikeABeginning() {
    assertThat(Printable.lines("first\npcache: \u001b[1mfalse\n\tat x\n"))
        .isEqualTo("first\n  pcache: \\x1b[1mfalse\n  \tat x");
  }
}
