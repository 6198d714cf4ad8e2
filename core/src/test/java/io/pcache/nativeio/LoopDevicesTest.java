package io.pcache.nativeio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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
