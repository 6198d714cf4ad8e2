package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketPlacesTest {
  private static final Path RUN = Path.of("/run/p");
  private static final Path USER = Path.of("/tmp/p-me");

  private final SocketPlaces places = new SocketPlaces(RUN, USER);

  @TempDir Path folder;

  @Test
  void theSocketOfAFileIsBesideIt() throws IOException {
    Path cache = Files.createFile(folder.resolve("c"));
    assertThat(places.of(cache, ".x").getFirst()).isEqualTo(folder.toRealPath().resolve("c.x"));
  }

  @Test
  void theSocketOfADeviceIsNotInItsFolder() {
    assertThat(places.of(Path.of("/dev/null"), ".x"))
        .containsExactly(RUN.resolve("dev-null.x"), USER.resolve("dev-null.x"));
  }

  @Test
  void aLinkLeadsToTheSamePlaces() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/dev/null"));
    assertThat(places.of(link, ".x")).isEqualTo(places.of(Path.of("/dev/null"), ".x"));
  }

  @Test
  void aRelativePathLeadsToTheSamePlaces() {
    Path relative = Path.of("").toAbsolutePath().relativize(Path.of("/dev/null"));
    assertThat(places.of(relative, ".x")).isEqualTo(places.of(Path.of("/dev/null"), ".x"));
  }

  @Test
  void aPathTooLongForASocketHasAShortPlaceElsewhere() throws IOException {
    Path cache =
        Files.createFile(Files.createDirectories(folder.resolve("d".repeat(90))).resolve("c"));
    Path other =
        Files.createFile(Files.createDirectories(folder.resolve("e".repeat(90))).resolve("c"));
    assertThat(places.of(cache, ".x")).hasSize(2).allMatch(place -> place.toString().length() < 80);
    assertThat(places.of(cache, ".x")).isNotEqualTo(places.of(other, ".x"));
  }

  /** Its daemon may still be there. */
  @Test
  void aDeletedCacheHasThePlacesThatItHad() throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path cache = Files.createFile(real.resolve("c"));
    Path linkedFolder = Files.createSymbolicLink(folder.resolve("linked"), real).resolve("c");
    Path linkedFile = Files.createSymbolicLink(folder.resolve("link"), Path.of("linked/c"));
    List<Path> before = places.of(cache, ".x");
    Files.delete(cache);
    assertThat(places.of(cache, ".x")).isEqualTo(before);
    assertThat(places.of(linkedFolder, ".x")).isEqualTo(before);
    assertThat(places.of(linkedFile, ".x")).isEqualTo(before);
  }

  @Test
  void aServerTakesTheFirstPlaceThatItCanUseAndMakesItsFolder() {
    Path unusable = folder.resolve("missing/run");
    Path user = folder.resolve("user");
    Path taken = new SocketPlaces(unusable, user).forServer(Path.of("/dev/null"), ".x");
    assertThat(taken).isEqualTo(user.resolve("dev-null.x"));
    assertThat(user).isDirectory();
  }

  @Test
  void aServerOfAFileMakesNoFolderElsewhere() throws IOException {
    Path cache = Files.createFile(folder.resolve("c"));
    Path run = folder.resolve("run");
    assertThat(new SocketPlaces(run, run).forServer(cache, ".x")).hasFileName("c.x");
    assertThat(run).doesNotExist();
  }

  @Test
  void aFolderThatTakesNoFilesIsPassedOverWhateverItsPermissions() {
    Path run = folder.resolve("run");
    Path taken = new SocketPlaces(run, run).forServer(Path.of("/proc/no-such-cache"), ".x");
    assertThat(taken).isEqualTo(run.resolve("proc-no-such-cache.x"));
  }

  /**
   * Among the temporary files anybody can take a name first; a link may lead to another's folder.
   */
  @Test
  void aUsersFolderThatIsNotItsOwnIsLookedIntoByNobody() throws IOException {
    Path user = Files.createDirectory(folder.resolve("user"));
    Path cache = Path.of("/dev/null");
    SocketPlaces places = new SocketPlaces(folder.resolve("missing/run"), user);
    assertThat(places.forClient(cache, ".x")).contains(user.resolve("dev-null.x"));
    Files.setPosixFilePermissions(user, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(places.forClient(cache, ".x")).doesNotContain(user.resolve("dev-null.x"));
    assertThatThrownBy(() -> places.forServer(cache, ".x")).isInstanceOf(BadOptionException.class);
    Files.delete(user);
    Files.createSymbolicLink(user, Files.createDirectory(folder.resolve("elsewhere")));
    assertThat(places.forClient(cache, ".x")).doesNotContain(user.resolve("dev-null.x"));
    assertThatThrownBy(() -> places.forServer(cache, ".x")).isInstanceOf(BadOptionException.class);
  }

  @Test
  void aChosenPlaceIsRefusedOnlyWhereSomebodyListens() throws IOException {
    Path socket = folder.resolve("chosen");
    assertThat(SocketPlaces.chosen(socket)).isEqualTo(socket);
    try (FullBacklog _ = FullBacklog.at(socket)) {
      assertThatThrownBy(() -> SocketPlaces.chosen(socket))
          .isInstanceOf(DeviceInUseException.class);
    }
    assertThat(SocketPlaces.chosen(socket)).isEqualTo(socket);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", ".", "/dev/null", "/etc/passwd"})
  void aChosenPlaceIsRefusedWhereSomethingElseIs(String path) {
    assertThatThrownBy(() -> SocketPlaces.chosen(Path.of(path)))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll(path, "no socket", "--control-socket");
  }

  @Test
  void aServerWithoutAnyPlaceSaysWhatItTried() {
    Path missing = folder.resolve("missing/run");
    assertThatThrownBy(
            () -> new SocketPlaces(missing, missing).forServer(Path.of("/dev/null"), ".x"))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll("/dev/null", missing.toString());
  }
}
