package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnixPeerTest {
  /** Without a name, Java calls a user by the number, and gives large ones a sign. */
  @ParameterizedTest
  @CsvSource({"-1294967296,3000000000", "-2,4294967294", "54321,54321", "anna,anna", "-x,-x"})
  void aUserWithoutNameIsCalledByTheNumberOfTheSystem(String javas, String shown) {
    assertThat(UnixPeer.nameOf(() -> javas)).isEqualTo(shown);
  }
}
