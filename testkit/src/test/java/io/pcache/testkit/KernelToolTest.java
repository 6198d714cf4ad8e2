package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.format.LogAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelToolTest {
  private static final String REPORT =
      """
      attached: 0 131072 pcache 0 31 31 7 42 a82 0:48288 0:40240 0:0
      table: 0 131072 pcache 259:0 254:0 4 cache_mode writeback crc false
      status: 0 131072 pcache 0 31 31 8 42 a82 1:0 0:48288 0:24
      logical: abc
      detached
      """;

  private @TempDir Path folder;

  @Test
  void aReportIsTakenApart() {
    KernelReport report = new KernelReport(0, REPORT);

    assertThat(report.attachedStatus())
        .isEqualTo(
            new DmStatus(
                0,
                31,
                31,
                7,
                42,
                0xa82,
                new LogAddress(0, 48_288),
                new LogAddress(0, 40_240),
                new LogAddress(0, 0)));
    assertThat(report.lastStatus().keyHead()).isEqualTo(new LogAddress(1, 0));
    assertThat(report.table()).startsWith("0 131072 pcache").endsWith("crc false");
    assertThat(report.logicalSha256()).isEqualTo("abc");
    assertThat(report.refused()).isFalse();
  }

  @Test
  void aRefusalIsSeenAndWhatItDidNotSayIsNotMadeUp() {
    KernelReport report = new KernelReport(1, "refused\n[ 1.0] pcache: bad\n");

    assertThat(report.refused()).isTrue();
    assertThatThrownBy(report::logicalSha256).hasMessageContaining("pcache: bad");
  }

  @Test
  void aMachineThatDiedWhileItBootedFailsTheTestAndIsNoRefusal() {
    KernelReport report = new KernelReport(1, "dm-pcache: the emulated machine reported nothing\n");

    assertThat(report.refused()).isFalse();
    assertThatThrownBy(report::attachedStatus).hasMessageContaining("reported nothing");
  }

  @Test
  void ourOwnStatusLineIsTakenApartToo() {
    assertThat(DmStatus.parse("0 31 31 7 42 a82 0:48288 0:40240 0:0"))
        .isEqualTo(new KernelReport(0, REPORT).attachedStatus());
  }

  @Test
  void optionsBecomeArguments() {
    KernelRun run =
        KernelRun.of(Path.of("c"), Path.of("b"), true)
            .withOps(Path.of("o"))
            .withNothingWrittenBack();
    assertThat(run.arguments())
        .isEqualTo(List.of("c", "b", "--data-crc", "true", "--ops", "o", "--keep-dirty"));
    assertThat(KernelRun.of(Path.of("c"), Path.of("b"), false).withCrash().arguments())
        .isEqualTo(List.of("c", "b", "--data-crc", "false", "--crash"));
  }

  @Test
  void aMissingKernelIsSkippedWithAPointer() {
    assertThat(RequiresKernelToolCondition.evaluate(Path.of("/no/such/folder")).getReason())
        .hasValueSatisfying(
            reason -> assertThat(reason).contains("/no/such/folder", "interop/README.md"));
  }

  @Test
  @Tag("kernel")
  @RequiresKernelTool
  void theKernelReadsAGoldenImageAsItDidWhenItWasMade() throws IOException, InterruptedException {
    GoldenImage image = GoldenImage.load("read-populated");
    GoldenImage.Unpacked devices = image.unpack(folder);

    KernelReport report =
        KernelTool.run(KernelRun.of(devices.cache(), devices.backing(), image.dataCrc()));

    assertThat(report.logicalSha256()).isEqualTo(image.logicalSha256());
    assertThat(report.attachedStatus().keyHead()).isEqualTo(image.reattachedStatus().keyHead());
  }
}
