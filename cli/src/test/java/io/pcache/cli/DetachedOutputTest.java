package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class DetachedOutputTest {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final String LINE = "x".repeat(1023) + "\n";
  private static final Pattern NOTICE = Pattern.compile("pcache: (\\d+) lines are missing .*");
  private static final int MORE_LINES_THAN_FIT = 3000;

  private final CountDownLatch read = new CountDownLatch(1);
  private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();

  private final AtomicBoolean full = new AtomicBoolean();
  private final AtomicInteger attempts = new AtomicInteger();

  /** Takes nothing until somebody reads, and fails while a disk behind it is full. */
  private final OutputStream pipe =
      new OutputStream() {
        @Override
        public void write(int b) throws IOException {
          write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          attempts.incrementAndGet();
          if (full.get()) {
            throw new IOException("No space left on device");
          }
          try {
            read.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          arrived.write(bytes, offset, length);
        }
      };

  private final DetachedOutput output = DetachedOutput.to(pipe, "test");
  private final PrintStream printed = new PrintStream(output, true, StandardCharsets.UTF_8);

  @Test
  void whatIsPrintedArrivesInOrder() throws Exception {
    read.countDown();
    for (int i = 0; i < 1000; i++) {
      printed.println("line " + i);
    }
    assertThat(output.await(PATIENCE_NANOS)).isTrue();
    String[] lines = text().split("\n", -1);
    assertThat(lines).hasSize(1001);
    assertThat(lines[999]).isEqualTo("line 999");
  }

  @Test
  @DisplayName("hazard 38: nobody waits for a reader, and lost bytes are counted")
  void nobodyWaitsForAReaderAndWhatIsMissingIsCounted() throws Exception {
    for (int i = 0; i < MORE_LINES_THAN_FIT; i++) {
      printed.print(LINE);
    }
    assertThat(output.await(1)).isFalse();
    read.countDown();
    assertThat(output.await(PATIENCE_NANOS)).isTrue();
    // Two where the writer's thread took its first line late, which made room for a notice.
    List<Matcher> notices = text().lines().map(NOTICE::matcher).filter(Matcher::matches).toList();
    long missing = notices.stream().mapToLong(found -> Long.parseLong(found.group(1))).sum();
    long lines = text().lines().count() - notices.size();
    assertThat(lines + missing).isEqualTo(MORE_LINES_THAN_FIT);
    assertThat(lines).isBetween(1000L, 1100L);
    assertThat(text()).endsWith(" lines are missing here: they could not be written in time\n");
  }

  @Test
  void whatIsPrintedAfterAGapStandsAfterItsNotice() throws Exception {
    for (int i = 0; i < MORE_LINES_THAN_FIT; i++) {
      printed.print(LINE);
    }
    read.countDown();
    assertThat(output.await(PATIENCE_NANOS)).isTrue();
    printed.println("the end");
    assertThat(output.await(PATIENCE_NANOS)).isTrue();
    assertThat(text()).endsWith("in time\nthe end\n");
  }

  @Test
  @DisplayName("hazard 38: a log goes on after a disk that was full, and lost lines are counted")
  void afterADiskThatWasFullWhatFollowsIsWritten() throws Exception {
    read.countDown();
    print("one\n");
    full.set(true);
    print("two\nthree\n");
    print("four\n");
    full.set(false);
    print("five\n");
    assertThat(text())
        .isEqualTo(
            "one\npcache: 3 lines are missing here: they could not be written in time\nfive\n");
  }

  @Test
  void nothingIsTriedAgainAndAgainWhileTheDiskIsFull() throws Exception {
    read.countDown();
    full.set(true);
    print("one\n");
    print("two\n");
    // The line, and then the notice and the next line.
    assertThat(attempts).hasValue(3);
  }

  private void print(String text) throws InterruptedException {
    printed.print(text);
    assertThat(output.await(PATIENCE_NANOS)).isTrue();
  }

  private String text() {
    return arrived.toString(StandardCharsets.UTF_8);
  }
}
