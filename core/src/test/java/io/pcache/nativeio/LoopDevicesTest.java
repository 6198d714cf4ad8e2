package io.pcache.nativeio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Without loop devices; {@code UnfitDevicesTest} attaches some. */
class LoopDevicesTest {
  private @TempDir Path folder;
  private Path descriptions = Path.of("");
  private Path nodes = Path.of("");
  private Path file = Path.of("");

  @BeforeEach
  void make() throws IOException {
    descriptions = Files.createDirectory(folder.resolve("block"));
    nodes = Files.createDirectory(folder.resolve("dev"));
    file = Files.createFile(folder.resolve("file"));
  }

  private void describe(String loop, String attached) throws IOException {
    Path description = Files.createDirectories(descriptions.resolve(loop).resolve("loop"));
    Files.writeString(description.resolve("backing_file"), attached + "\n");
  }

  private LoopDevices loops() {
    return new LoopDevices(descriptions, nodes);
  }

  @Test
  void thePathThatTheSystemReportsDecidesWhereALoopDeviceCannotBeOpened() throws IOException {
    describe("loop0", folder.resolve("other").toString());
    describe("loop11", file.toString());
    assertThat(loops().attachedTo(file)).hasValue("loop11");
    assertThat(loops().attachedTo(Files.createLink(folder.resolve("hard"), file)))
        .hasValue("loop11");
  }

  @Test
  void thePathThatTheSystemReportsDecidesWhereALoopDeviceDoesNotAnswer() throws IOException {
    Files.createFile(nodes.resolve("loop3"));
    describe("loop3", file.toString());
    assertThat(loops().attachedTo(file)).hasValue("loop3");
  }

  /** Whoever opens a FIFO waits until somebody opens it for writing. */
  private Path hungLoopDevice(String name) throws IOException, InterruptedException {
    Path fifo = nodes.resolve(name);
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    return fifo;
  }

  private static void letGo(Path fifo) throws IOException {
    Files.newByteChannel(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
  }

  private static long threadsThatAsk(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().endsWith(name))
        .count();
  }

  @Test
  @Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aLoopDeviceThatDoesNotAnswerHoldsOneThreadAndIsPassedOver()
      throws IOException, InterruptedException {
    Path hung = hungLoopDevice("loop47111");
    describe("loop47112", file.toString());
    try {
      assertThat(loops().attachedTo(Files.createFile(folder.resolve("other")))).isEmpty();
      assertThat(loops().attachedTo(file)).hasValue("loop47112");
      assertThat(threadsThatAsk("loop47111")).isOne();
    } finally {
      letGo(hung);
    }
    await().atMost(Duration.ofMinutes(4)).until(() -> threadsThatAsk("loop47111") == 0);
    describe("loop47111", file.toString());
    Files.delete(hung);
    assertThat(loops().attachedTo(file)).hasValue("loop47111");
  }

  @Test
  @Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void theReportedPathAloneDecidesWhereALoopDeviceHangs() throws IOException, InterruptedException {
    Path hung = hungLoopDevice("loop47113");
    describe("loop47113", file.toRealPath().toString());
    try {
      assertThat(loops().attachedTo(Files.createSymbolicLink(folder.resolve("link"), file)))
          .hasValue("loop47113");
      Path sameFile = Files.createLink(folder.resolve("hard"), file);
      assertThat(loops().attachedTo(sameFile)).isEmpty();
    } finally {
      letGo(hung);
    }
  }

  @Test
  void aFileThatNothingHasAttachedIsFree() throws IOException {
    describe("loop0", file + " (deleted)");
    Files.createDirectory(descriptions.resolve("loop1"));
    Files.createFile(nodes.resolve("loop2"));
    Files.createFile(nodes.resolve("loop0p1"));
    assertThat(loops().attachedTo(file)).isEmpty();
    assertThat(loops().attachedTo(folder.resolve("absent"))).isEmpty();
  }

  @Test
  void withoutFoldersNothingIsKnownOfLoopDevices() {
    Path absent = folder.resolve("absent");
    assertThat(new LoopDevices(absent, absent).attachedTo(file)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "0x1a, 0, 26",
    "0xfe00, 254, 0",
    "0x100051, 0, 337",
    "0x700, 7, 0",
    "0xfffffabc, 4090, 1048508"
  })
  void theKernelsDeviceNumbersAreMajorAndMinor(String word, int major, int minor) {
    assertThat(Posix.decodeDevice(Long.decode(word))).isEqualTo(((long) major << 32) | minor);
  }
}
