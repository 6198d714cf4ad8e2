package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.error.ErrorKind;
import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices that cannot be written, and files that a loop device has. */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, "/dev/loop-control"})
@RequiresTool({"losetup", "mkfs.ext4", "mount", "umount", "chattr"})
class UnfitDevicesTest {
  private static final long BACKING_BYTES = 64L << 20;

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");

  @BeforeEach
  void make() throws IOException, InterruptedException {
    cache = folder.resolve("cache");
    backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
  }

  private String[] arguments(Path cacheDevice, Path backingDevice) {
    return new String[] {
      "--cache",
      cacheDevice.toString(),
      "--backing",
      backingDevice.toString(),
      "--listen",
      ServedDisk.unixSocket(folder)
    };
  }

  private void assertServeRefuses(
      Path cacheDevice, Path backingDevice, ErrorKind kind, String... texts)
      throws IOException, InterruptedException {
    String[] words = arguments(cacheDevice, backingDevice);
    String[] command = new String[words.length + 1];
    command[0] = "serve";
    System.arraycopy(words, 0, command, 1, words.length);
    assertRefuses(ServedDisk.pcache(command), kind, texts);
  }

  private static void assertRefuses(Command refused, ErrorKind kind, String... texts) {
    assertThat(refused.exitCode()).as(refused.output()).isEqualTo(kind.exitCode());
    assertThat(refused.output()).contains(texts);
    assertThat(ProgressLines.removedFrom(refused.output()).lines())
        .filteredOn(line -> line.startsWith("pcache: "))
        .hasSize(1);
  }

  @Test
  @DisplayName("hazard 39: a read-only block device is neither served nor formatted")
  void aReadOnlyBlockDeviceIsRefused() throws IOException, InterruptedException {
    try (LoopDevice readOnly = LoopDevice.attachReadOnly(backing)) {
      String name = readOnly.path().toString();
      assertServeRefuses(
          cache, readOnly.path(), ErrorKind.BAD_OPTION, name, "read-only", "blockdev --setrw");
    }
    try (LoopDevice readOnly = LoopDevice.attachReadOnly(cache)) {
      String name = readOnly.path().toString();
      assertServeRefuses(readOnly.path(), backing, ErrorKind.BAD_OPTION, name, "read-only");
      assertRefuses(
          ServedDisk.pcache("format", "--force", name), ErrorKind.BAD_OPTION, name, "read-only");
    }
  }

  @Test
  @DisplayName("hazard 39: a file that may not be written is refused, with what to do")
  void aFileWithoutPermissionIsRefused() throws IOException, InterruptedException {
    try (LoopFileSystem small = LoopFileSystem.make(folder, 96L << 20)) {
      Path immutable = SparseFiles.create(small.root().resolve("backing"), BACKING_BYTES);
      Command.run("chattr", "+i", immutable.toString()).succeeded();
      assertServeRefuses(
          cache, immutable, ErrorKind.BAD_OPTION, immutable.toString(), "no permission", "chattr");
    }
  }

  private void assertServesOnlyByForce(Path backingDevice, LoopDevice attached)
      throws IOException, InterruptedException {
    String name = attached.path().toString();
    assertServeRefuses(
        cache, backingDevice, ErrorKind.DEVICE_IN_USE, backingDevice.toString(), name);
    assertRefuses(
        ServedDisk.pcache("format", "--force", backingDevice.toString()),
        ErrorKind.DEVICE_IN_USE,
        name);
    assertRefuses(
        ServedDisk.pcache("repair", backingDevice.toString()), ErrorKind.DEVICE_IN_USE, name);
    String[] words = arguments(cache, backingDevice);
    String[] forced = Arrays.copyOf(words, words.length + 1);
    forced[words.length] = "--force";
    try (ServedDisk disk = ServedDisk.start(forced)) {
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  @Test
  @DisplayName("hazard 17: a loop device has a file attached also after its name was removed")
  void aFileThatALoopDeviceHasUnderARemovedNameIsRefusedUnlessForced()
      throws IOException, InterruptedException {
    Path other = Files.createLink(folder.resolve("other"), backing);
    try (LoopDevice attached = LoopDevice.attach(backing)) {
      Files.delete(backing);
      assertServesOnlyByForce(other, attached);
    }
  }

  @Test
  @DisplayName("hazard 17: a loop device has a file attached also after its folder was unmounted")
  void aFileThatALoopDeviceHasUnderAnUnmountedFolderIsRefusedUnlessForced()
      throws IOException, InterruptedException {
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    Command.run("mount", "--bind", folder.toString(), mounted.toString()).succeeded();
    try (LoopDevice attached = attachAndUnmount(mounted)) {
      assertServesOnlyByForce(backing, attached);
    }
  }

  private static LoopDevice attachAndUnmount(Path mounted)
      throws IOException, InterruptedException {
    try {
      return LoopDevice.attach(mounted.resolve("backing"));
    } finally {
      Command.run("umount", "--lazy", mounted.toString()).succeeded();
    }
  }

  @Test
  @DisplayName("hazard 17: a block device that a loop device has attached is in use")
  void aBlockDeviceThatALoopDeviceHasIsRefusedUnlessForced()
      throws IOException, InterruptedException {
    try (LoopDevice device = LoopDevice.attach(backing);
        LoopDevice attached = LoopDevice.attach(device.path())) {
      assertServesOnlyByForce(device.path(), attached);
    }
  }

  @Test
  @DisplayName("hazard 17: a file that a loop device has attached is in use, unless forced")
  void aFileThatALoopDeviceHasIsRefusedUnlessForced() throws IOException, InterruptedException {
    try (LoopDevice attached = LoopDevice.attach(backing)) {
      assertServeRefuses(
          cache, backing, ErrorKind.DEVICE_IN_USE, backing.toString(), attached.path().toString());
      String[] words = arguments(cache, backing);
      String[] forced = new String[words.length + 1];
      System.arraycopy(words, 0, forced, 0, words.length);
      forced[words.length] = "--force";
      try (ServedDisk disk = ServedDisk.start(forced)) {
        assertThat(disk.stop()).as(disk.log()).isZero();
      }
    }
    try (LoopDevice attached = LoopDevice.attach(cache)) {
      String name = attached.path().toString();
      assertServeRefuses(cache, backing, ErrorKind.DEVICE_IN_USE, cache.toString(), name);
      assertRefuses(
          ServedDisk.pcache("format", "--force", cache.toString()), ErrorKind.DEVICE_IN_USE, name);
      assertRefuses(ServedDisk.pcache("repair", cache.toString()), ErrorKind.DEVICE_IN_USE, name);
    }
    try (ServedDisk disk = ServedDisk.start(arguments(cache, backing))) {
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }
}
