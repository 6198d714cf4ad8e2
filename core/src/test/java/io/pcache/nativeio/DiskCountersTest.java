package io.pcache.nativeio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCountersTest {
  @TempDir private Path folder;

  @Test
  void sectorsReadAndWrittenCount() throws IOException {
    Files.writeString(
        folder.resolve("stat"),
        "   61205     1508  5000100    19803   270191    59511 700020 1108   0   5  8 0 0 0 0 9 3\n");
    assertThat(DiskCounters.movedSectors(folder)).isEqualTo(5_700_120);
  }

  @Test
  void whatIsNoBlockDeviceMovesNothing() throws IOException {
    assertThat(DiskCounters.movedSectors(folder)).isZero();
    Files.writeString(folder.resolve("stat"), "not what is expected\n");
    assertThat(DiskCounters.movedSectors(folder)).isZero();
  }
}
