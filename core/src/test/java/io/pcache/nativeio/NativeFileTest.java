package io.pcache.nativeio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFileTest {
  private static final int OWNER_ONLY = 0600;

  @TempDir Path folder;
  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void free() {
    arena.close();
  }

  private NativeFile create() throws IOException {
    return NativeFile.create(folder.resolve("file"), OWNER_ONLY);
  }

  private MemorySegment randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return arena.allocate(size).copyFrom(MemorySegment.ofArray(bytes));
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void whatIsWrittenIsReadBackAtItsOffset() throws IOException {
    MemorySegment source = randomBytes(10_000);
    MemorySegment target = arena.allocate(10_000);
    try (NativeFile file = create()) {
      file.write(source, 100, 9000, 4321);
      file.syncData();
      file.read(target, 7, 9000, 4321);
      assertThat(file.sizeBytes()).isEqualTo(13_321);
    }
    assertThat(bytes(target.asSlice(7, 9000))).isEqualTo(bytes(source.asSlice(100, 9000)));
  }

  @Test
  void nothingIsWrittenForALengthOfZero() throws IOException {
    try (NativeFile file = create()) {
      file.write(arena.allocate(8), 8, 0, 0);
      assertThat(file.sizeBytes()).isZero();
    }
  }

  @Test
  void readingPastTheEndSaysSo() throws IOException {
    try (NativeFile file = create()) {
      file.write(arena.allocate(512), 0, 512, 0);
      assertThatThrownBy(() -> file.read(arena.allocate(1024), 0, 1024, 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the file ends 512 bytes too early");
    }
  }

  @Test
  void morePiecesThanOneCallTakesAreCarriedThrough() throws IOException {
    int pieces = 2 * NativeFile.MAX_VECTOR_PIECES + 3;
    MemorySegment source = randomBytes(pieces * 16);
    MemorySegment target = arena.allocate(pieces * 16L);
    List<MemorySegment> from = new ArrayList<>();
    List<MemorySegment> to = new ArrayList<>();
    for (int i = 0; i < pieces; i++) {
      from.add(source.asSlice(i * 16L, 16));
      to.add(target.asSlice(i * 16L, 16));
    }
    try (NativeFile file = create()) {
      file.write(from, 512);
      file.read(to, 512);
    }
    assertThat(bytes(target)).isEqualTo(bytes(source));
  }

  @Test
  void heapMemoryIsNotHandedToTheSystem() throws IOException {
    List<MemorySegment> heap = List.of(MemorySegment.ofArray(new byte[512]));
    try (NativeFile file = create()) {
      assertThatThrownBy(() -> file.write(heap, 0)).isInstanceOf(AssertionError.class);
      assertThat(file.sizeBytes()).isZero();
    }
  }

  @SuppressWarnings("try") // closing early is what is tested
  @Test
  void theLockBelongsToTheOpenAndNotToTheProcess() throws IOException {
    NativeFile first = create();
    try (NativeFile second = NativeFile.open(first.path(), NativeFile.Access.READ_WRITE)) {
      try (first) {
        first.lockExclusively();
        assertThatThrownBy(second::lockExclusively)
            .isInstanceOf(DeviceInUseException.class)
            .hasMessageContaining(first.path().toString());
      }
      second.lockExclusively();
    }
  }

  @Test
  void whetherAFileIsLockedCanBeSeen() throws IOException {
    NativeFile file = create();
    Path path = file.path();
    try (file) {
      assertThat(NativeFile.isLocked(path)).isFalse();
      file.lockExclusively();
      assertThat(NativeFile.isLocked(path)).isTrue();
    }
    assertThat(NativeFile.isLocked(path)).isFalse();
    assertThat(NativeFile.isLocked(path.resolveSibling("absent"))).isFalse();
  }

  @Test
  void lookingWhetherAFileIsLockedKeepsNobodyFromLockingIt() throws Exception {
    Path path;
    try (NativeFile file = create()) {
      path = file.path();
    }
    AtomicBoolean isOver = new AtomicBoolean();
    Thread looking =
        Thread.ofPlatform()
            .start(() -> {
              while (!isOver.get()) {
                var _ = NativeFile.isLocked(path);
              }
            });
    try {
      for (int i = 0; i < 1000; i++) {
        try (NativeFile file = NativeFile.open(path, NativeFile.Access.READ_WRITE)) {
          file.lockExclusively();
        }
      }
    } finally {
      isOver.set(true);
      looking.join();
    }
  }

  @Test
  void aRangeMadeZeroKeepsItsBlocksAndNeighbours() throws IOException {
    MemorySegment source = randomBytes(16_384);
    MemorySegment target = arena.allocate(16_384);
    try (NativeFile file = create()) {
      file.write(source, 0, 16_384, 0);
      boolean done = file.zeroRange(4096, 8192);
      file.read(target, 0, 16_384, 0);
      assertThat(bytes(target.asSlice(0, 4096))).isEqualTo(bytes(source.asSlice(0, 4096)));
      assertThat(bytes(target.asSlice(12_288))).isEqualTo(bytes(source.asSlice(12_288)));
      byte[] expected = done ? new byte[8192] : bytes(source.asSlice(4096, 8192));
      assertThat(bytes(target.asSlice(4096, 8192))).isEqualTo(expected);
    }
  }

  @Test
  void aMappingShowsWhatIsWritten() throws IOException {
    try (NativeFile file = create()) {
      file.write(arena.allocate(4096), 0, 4096, 0);
      MemorySegment mapping = file.map(4096, arena);
      file.write(randomBytes(512), 0, 512, 1024);
      assertThat(bytes(mapping.asSlice(1024, 512))).isEqualTo(bytes(randomBytes(512)));
    }
  }

  @Test
  void anExistingFileIsNotCreatedAgain() throws IOException {
    create().close();
    assertThatThrownBy(this::create)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot create")
        .hasMessageContaining("file");
  }

  @Test
  void aMissingFileAndAFolderAreBadOptions() {
    assertThatThrownBy(() -> NativeFile.open(folder.resolve("none"), NativeFile.Access.READ))
        .isInstanceOf(BadOptionException.class);
    assertThatThrownBy(() -> NativeFile.open(folder, NativeFile.Access.READ))
        .isInstanceOf(BadOptionException.class);
  }

  /** Java shows such a name with a replacement character, under which nothing is found. */
  @Test
  @DisplayName("hazard 35: a name of any bytes is opened")
  void aNameOfAnyBytesIsOpened() throws IOException, InterruptedException {
    String script = "printf content > \"$0/$(printf 'name \\303\\274 \\377')\"";
    Process shell =
        new ProcessBuilder("/bin/sh", "-c", script, folder.toString()).inheritIO().start();
    assertThat(shell.waitFor()).isZero();
    Path path;
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder)) {
      path = found.iterator().next();
    }
    MemorySegment content = arena.allocate(7);
    try (NativeFile file = NativeFile.open(path, NativeFile.Access.READ_WRITE)) {
      file.read(content, 0, 7, 0);
      assertThat(bytes(content)).isEqualTo("content".getBytes(StandardCharsets.US_ASCII));
      assertThat(file.map(7, arena).mismatch(content)).isEqualTo(-1);
      assertThat(file.condition()).isEqualTo(FileCondition.AS_OPENED);
    }
  }

  @Test
  void aFileOpenedForReadingIsNotWritten() throws IOException {
    create().close();
    Path path = folder.resolve("file");
    try (NativeFile file = NativeFile.open(path, NativeFile.Access.READ)) {
      assertThatThrownBy(() -> file.write(arena.allocate(8), 0, 8, 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot write " + path + " at byte 0");
    }
    assertThat(Files.size(path)).isZero();
  }

  @Test
  void closingTwiceDoesNothingTheSecondTime() throws IOException {
    NativeFile file = create();
    file.close();
    file.close();
    assertThat(file.isBlockDevice()).isFalse();
  }
}
