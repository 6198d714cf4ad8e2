package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "536870912, 536870912",
    "512b, 512",
    "4k, 4096",
    "512M, 536870912",
    "512MiB, 536870912",
    "512mib, 536870912",
    "8G, 8589934592",
    "8 GiB, 8589934592",
    "1T, 1099511627776",
    "7P, 7881299347898368",
  })
  void sizesAreBytesOrBinaryUnits(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "G", "12X", "1.5G", "-1", "0x10", "512MB", "1 2", "٣"})
  void whatIsNoSizeIsRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("512M");
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775808", "8192P", "99999999999999999999G"})
  void sizesThatDoNotFitAreRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .hasMessageContaining("more than any device holds");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0G"})
  void aSizeIsAboveZero(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text)).hasMessageContaining("above 0");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.00 KiB",
    "1536, 1.50 KiB",
    "536870912, 512 MiB",
    "33285996544, 31.0 GiB",
    "1048575, 1.00 MiB",
    "1073741823, 1.00 GiB",
    "9223372036854775807, 8.00 EiB",
  })
  void sizesAreWrittenWithThreeDigits(long bytes, String text) {
    assertThat(ByteSize.format(bytes)).isEqualTo(text);
  }
}
