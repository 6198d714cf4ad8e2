package io.pcache.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs that time clients run for an instant, so that they do not rot either. */
class ClientRunsTest {
  /** A program. */
  @FunctionalInterface
  private interface Program {
    void run() throws Exception;
  }

  private static String outputOf(Program program) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setOut(captured);
      program.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void latenciesArePrintedForReadsAndWrites() throws Exception {
    String out = outputOf(() -> Latency.main(new String[] {"0.1", "50", "0", "4"}));

    assertThat(out).contains("collector: ").contains("| write | ").contains("| read | ");
  }

  @Test
  void durableWritesArePrintedForTheDiskAndBothNumbersOfClients(@TempDir Path folder)
      throws Exception {
    String out = outputOf(() -> DurableWrites.main(new String[] {folder.toString(), "1", "0.05"}));

    assertThat(out)
        .contains("| the disk itself | ")
        .contains("1 client |")
        .contains("16 clients |");
  }

  @Test
  void aCollectionIsSeenAsAPause() throws Exception {
    try (BenchmarkFolder folder = BenchmarkFolder.create()) {
      VirtualMachinePauses pauses = VirtualMachinePauses.begin(folder);
      System.gc();
      Map<String, LatencyHistogram> times = pauses.end();

      assertThat(times).isNotEmpty();
      assertThat(times.values()).allSatisfy(pause -> assertThat(pause.maxNanos()).isPositive());
    }
  }
}
