package io.pcache.backing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBackingStoreTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  @TempDir Path folder;

  private Path fileOf(long sizeBytes) throws IOException {
    Path path = folder.resolve("backing");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return path;
  }

  @Test
  void aSizeThatIsNoMultipleOfASectorIsRefused() throws IOException {
    Path path = fileOf(1000);
    assertThatThrownBy(() -> FileBackingStore.open(path))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(
            "its size is 1000 bytes, expected a multiple of 512; grow it to 1024 bytes")
        .hasMessageContaining(path.toString());
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    Path path = fileOf(0);
    assertThatThrownBy(() -> FileBackingStore.open(path))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("its size is 0");
  }

  @Test
  void aRefusedFileIsNotLeftLocked() throws IOException {
    Path path = fileOf(1000);
    assertThatThrownBy(() -> FileBackingStore.open(path)).isInstanceOf(BadOptionException.class);
    fileOf(1024);
    FileBackingStore.open(path).close();
  }

  @Test
  void aMissingFileAndAFolderAreRefused() {
    assertThatThrownBy(() -> FileBackingStore.open(folder.resolve("none")))
        .isInstanceOf(BadOptionException.class);
    assertThatThrownBy(() -> FileBackingStore.open(folder)).isInstanceOf(BadOptionException.class);
  }

  @Test
  void aFileThatWasCutStaysCutThoughItIsLongAgain() throws IOException {
    Path path = fileOf(4 * SECTOR);
    try (FileBackingStore store = FileBackingStore.open(path)) {
      List<MemorySegment> sector = List.of(Arena.ofAuto().allocate(SECTOR));
      setLength(path, SECTOR);
      assertThatThrownBy(() -> store.write(sector, 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("was cut from 2048 to 512 bytes");
      setLength(path, 4 * SECTOR);
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.CUT);
      assertThatThrownBy(() -> store.write(sector, 0)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> store.read(sector, SECTOR)).isInstanceOf(IOException.class);
      store.read(sector, 0);
    }
  }

  @Test
  void whatIsCutOffBeforeAFlushIsNotDurable() throws IOException {
    Path path = fileOf(4 * SECTOR);
    try (FileBackingStore store = FileBackingStore.open(path)) {
      store.write(List.of(Arena.ofAuto().allocate(SECTOR)), 0);
      store.flush();
      setLength(path, SECTOR);
      assertThatThrownBy(store::flush).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aCutThatOnlyAReadHasSeenIsRemembered() throws IOException {
    Path path = fileOf(4 * SECTOR);
    try (FileBackingStore store = FileBackingStore.open(path)) {
      List<MemorySegment> sector = List.of(Arena.ofAuto().allocate(SECTOR));
      setLength(path, SECTOR);
      assertThatThrownBy(() -> store.read(sector, SECTOR)).isInstanceOf(IOException.class);
      setLength(path, 4 * SECTOR);
      assertThatThrownBy(() -> store.read(sector, SECTOR))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("was cut from");
    }
  }

  @Test
  void aBlockDeviceThatShrankStaysCutThoughItIsLongAgain() throws Exception {
    Path image = fileOf(1 << 20);
    String loop = attachLoopDevice(image);
    try (FileBackingStore store = FileBackingStore.open(Path.of(loop))) {
      setLength(image, 1 << 19);
      assertThat(run("losetup", "--set-capacity", loop).exitCode()).isZero();
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.CUT);
      setLength(image, 1 << 20);
      assertThat(run("losetup", "--set-capacity", loop).exitCode()).isZero();
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.CUT);
    } finally {
      assertThat(run("losetup", "--detach", loop).exitCode()).isZero();
    }
  }

  @Test
  void aFileThatWasCutAndDeletedIsBoth() throws IOException {
    Path path = fileOf(4 * SECTOR);
    try (FileBackingStore store = FileBackingStore.open(path)) {
      setLength(path, SECTOR);
      Files.delete(path);
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.DELETED);
      assertThat(store.condition().isCut()).isTrue();
      assertThat(store.condition().description()).contains("was deleted", "was cut");
    }
  }

  @Test
  void aBlockDeviceWithoutANodeIsNotDeleted() throws Exception {
    String loop = attachLoopDevice(fileOf(1 << 20));
    Path node = Path.of(loop + "-of-a-test");
    assertThat(run("cp", "--archive", loop, node.toString()).exitCode()).isZero();
    try (FileBackingStore store = FileBackingStore.open(node)) {
      Files.delete(node);
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.MOVED);
      assertThat(store.condition().description()).contains("does not name the block device");
    } finally {
      Files.deleteIfExists(node);
      assertThat(run("losetup", "--detach", loop).exitCode()).isZero();
    }
  }

  @Test
  void aBlockDeviceThatWasGoneForAMomentHasLostWhatWasNotFlushed() throws Exception {
    Path image = fileOf(1 << 20);
    String loop = attachLoopDevice(image);
    List<MemorySegment> sector = List.of(Arena.ofAuto().allocate(SECTOR));
    try (FileBackingStore store = FileBackingStore.open(Path.of(loop))) {
      store.write(sector, 0);
      setLength(image, 0);
      assertThat(run("losetup", "--set-capacity", loop).exitCode()).isZero();
      assertThatThrownBy(store::flush)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("was removed");
      setLength(image, 1 << 20);
      assertThat(run("losetup", "--set-capacity", loop).exitCode()).isZero();
      assertThatThrownBy(store::flush).hasMessageContaining("was removed");
      assertThatThrownBy(() -> store.write(sector, 0)).hasMessageContaining("was removed");
      assertThat(store.condition().kind()).isEqualTo(FileCondition.Kind.REMOVED);
      assertThat(store.condition().isCut()).isFalse();
      assertThat(store.condition().description()).contains("what was flushed", "attach it again");
    } finally {
      assertThat(run("losetup", "--detach", loop).exitCode()).isZero();
    }
  }

  private static void setLength(Path path, long sizeBytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
  }

  @Test
  void aSecondOpenerInThisProcessIsRefusedUntilTheFirstCloses() throws IOException {
    Path path = fileOf(SECTOR);
    FileBackingStore first = FileBackingStore.open(path);
    assertThatThrownBy(() -> FileBackingStore.open(path)).isInstanceOf(DeviceInUseException.class);
    assertThatThrownBy(() -> FileBackingStore.openDirect(path))
        .isInstanceOf(DeviceInUseException.class);
    first.close();
    FileBackingStore.open(path).close();
  }

  @Test
  @DisplayName("hazard 17: another process is refused until this one closes")
  void anotherProcessIsRefusedUntilThisOneCloses() throws Exception {
    assumeTrue(hasTool("flock"), "the flock tool is missing");
    Path path = fileOf(SECTOR);
    FileBackingStore store = FileBackingStore.open(path);
    assertThat(run("flock", "--nonblock", path.toString(), "true").exitCode()).isEqualTo(1);
    store.close();
    assertThat(run("flock", "--nonblock", path.toString(), "true").exitCode()).isZero();
  }

  @Test
  void aFileThatAnotherProcessHasLockedIsRefused() throws Exception {
    assumeTrue(hasTool("flock"), "the flock tool is missing");
    Path path = fileOf(SECTOR);
    // cat holds the lock until its input ends.
    Process other =
        new ProcessBuilder("flock", path.toString(), "sh", "-c", "echo locked; cat").start();
    try {
      assertThat(other.inputReader().readLine()).isEqualTo("locked");
      assertThatThrownBy(() -> FileBackingStore.open(path))
          .isInstanceOf(DeviceInUseException.class);
    } finally {
      other.outputWriter().close();
      assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    FileBackingStore.open(path).close();
  }

  @Test
  void morePiecesThanOneCallTakesAreCarriedThrough() throws IOException {
    Path path = fileOf(3000 * SECTOR);
    try (Arena arena = Arena.ofConfined();
        FileBackingStore store = FileBackingStore.open(path)) {
      MemorySegment source = arena.allocate(2500L * SECTOR);
      fill(source, new Random(7));
      store.write(split(source, SECTOR), 100 * SECTOR);
      MemorySegment destination = arena.allocate(2500L * SECTOR);
      store.read(split(destination, SECTOR), 100 * SECTOR);
      assertThat(destination.mismatch(source)).isEqualTo(-1);
      byte[] file = Files.readAllBytes(path);
      assertThat(MemorySegment.ofArray(file).asSlice(100 * SECTOR, 2500L * SECTOR).mismatch(source))
          .isEqualTo(-1);
    }
  }

  @Test
  void heapMemoryIsTaken() throws IOException {
    Path path = fileOf(8 * SECTOR);
    try (FileBackingStore store = FileBackingStore.open(path)) {
      byte[] source = new byte[3 * SECTOR];
      new Random(3).nextBytes(source);
      store.write(List.of(MemorySegment.ofArray(source)), 2 * SECTOR);
      byte[] destination = new byte[3 * SECTOR];
      store.read(List.of(MemorySegment.ofArray(destination)), 2 * SECTOR);
      assertThat(destination).isEqualTo(source);
    }
  }

  @Test
  void aFileThatShrankFailsTheReadsOfWhatIsGone() throws IOException {
    Path path = fileOf(8 * SECTOR);
    try (BackingDevice device =
        BackingDevice.start(
            FileBackingStore.open(path), BackingOptions.defaults(), new SteppedRunner())) {
      fileOf(4 * SECTOR);
      Outcomes gone = new Outcomes();
      Outcomes left = new Outcomes();
      submitRead(device, 2 * SECTOR, 3 * SECTOR, gone);
      submitRead(device, SECTOR, 0, left);
      int done = device.submitWorker().doWork() + device.completionWorker().doWork();
      assertThat(done).isEqualTo(4);
      assertThat(gone.all.getFirst()).get().isInstanceOf(BackingFailureException.class);
      assertThat(left.failures()).isZero();
    }
  }

  private static void submitRead(
      BackingDevice device, int lengthBytes, long offsetBytes, BackingRequest.Callback callback) {
    RecordingRequest parent = new RecordingRequest();
    parent.prepareRead(offsetBytes);
    parent.begin();
    BackingRequest request = device.acquire(RequestPurpose.READ_MISS);
    request.prepareSlice(parent, lengthBytes, offsetBytes, callback);
    device.submit(request);
  }

  @Test
  void aBlockDeviceServesAsWell() throws Exception {
    Path image = fileOf(1 << 20);
    String loop = attachLoopDevice(image);
    try {
      for (boolean direct : new boolean[] {false, true}) {
        Path path = Path.of(loop);
        try (FileBackingStore store =
            direct ? FileBackingStore.openDirect(path) : FileBackingStore.open(path)) {
          assertThat(store.sizeBytes()).isEqualTo(1 << 20);
          assertThatThrownBy(() -> FileBackingStore.open(path))
              .isInstanceOf(DeviceInUseException.class);
          roundTrip(store, direct ? 11 : 12);
        }
      }
    } finally {
      assertThat(run("losetup", "--detach", loop).exitCode()).isZero();
    }
  }

  @Test
  void aDeviceThatCannotKeepWhatWasWrittenFailsTheFlush() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    Result mounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small.toString());
    assumeTrue(mounted.exitCode() == 0, "no file system can be mounted here: " + mounted.output());
    try {
      Path image = small.resolve("image");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(4 << 20);
      }
      String loop = attachLoopDevice(image);
      try {
        writeMoreThanFits(Path.of(loop));
      } finally {
        assertThat(run("losetup", "--detach", loop).exitCode()).isZero();
      }
    } finally {
      assertThat(run("umount", small.toString()).exitCode()).isZero();
    }
  }

  private static void writeMoreThanFits(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileBackingStore store = FileBackingStore.open(path)) {
      MemorySegment source = arena.allocate(2 << 20);
      fill(source, new Random(13));
      store.write(List.of(source), 0);
      assertThatThrownBy(store::flush)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot sync");
    }
  }

  private static void roundTrip(FileBackingStore store, long seed) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      // One byte off any alignment, so that a direct store has to copy.
      MemorySegment source = arena.allocate(9 * SECTOR + 1).asSlice(1);
      fill(source, new Random(seed));
      store.write(split(source, 1536), 5 * SECTOR);
      store.flush();
      MemorySegment destination = arena.allocate(9 * SECTOR);
      store.read(List.of(destination), 5 * SECTOR);
      assertThat(destination.mismatch(source)).isEqualTo(-1);
    }
  }

  private static String attachLoopDevice(Path image) throws Exception {
    assumeTrue(hasTool("losetup"), "losetup is missing");
    Result attached = run("losetup", "--find", "--show", image.toString());
    assumeTrue(attached.exitCode() == 0, "no loop device can be set up here: " + attached.output());
    return attached.output().strip();
  }

  private static List<MemorySegment> split(MemorySegment memory, long pieceBytes) {
    List<MemorySegment> pieces = new ArrayList<>();
    for (long at = 0; at < memory.byteSize(); at += pieceBytes) {
      pieces.add(memory.asSlice(at, Math.min(pieceBytes, memory.byteSize() - at)));
    }
    return pieces;
  }

  private static void fill(MemorySegment memory, Random random) {
    byte[] bytes = new byte[(int) memory.byteSize()];
    random.nextBytes(bytes);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 0, bytes.length);
  }

  private record Result(int exitCode, String output) {}

  private static boolean hasTool(String tool) throws Exception {
    return run("sh", "-c", "command -v " + tool).exitCode() == 0;
  }

  private static Result run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }
}
