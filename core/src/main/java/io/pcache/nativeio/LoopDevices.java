package io.pcache.nativeio;

import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The loop devices of this machine. A file that a loop device has attached may be mounted or
 * otherwise in use, and no lock of the file shows it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LoopDevices {
  private static final Path BLOCK_DEVICES = Path.of("/sys/block");

  private LoopDevices() {}

  /**
   * Refuses a file that a loop device has attached. Block devices are not checked, because the
   * kernel itself refuses one that is in use.
   *
   * @throws DeviceInUseException if a loop device has the file attached
   */
  public static void refuseAttached(Path file) {
    attachedTo(file, BLOCK_DEVICES)
        .ifPresent(name -> {
          throw new DeviceInUseException(
              "%s: the loop device /dev/%s has this file attached; detach it first (losetup --detach /dev/%s); only serve takes it all the same, with --force"
                  .formatted(file, name, name));
        });
  }

  /**
   * Returns the loop device that has a file attached. Empty if there is none, or the system does
   * not report it.
   *
   * @param blockDevices the folder in which the system describes its block devices
   */
  static Optional<String> attachedTo(Path file, Path blockDevices) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> loops = Files.newDirectoryStream(blockDevices, "loop*")) {
      for (Path loop : loops) {
        if (isBackedBy(loop.resolve("loop/backing_file"), file)) {
          return Optional.of(String.valueOf(loop.getFileName()));
        }
      }
    } catch (IOException e) {
      // Without sysfs nothing is known of loop devices.
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static boolean isBackedBy(Path description, Path file) {
    try {
      byte[] line = Files.readAllBytes(description);
      FileState attached = Posix.stateAt(Arrays.copyOf(line, Math.max(0, line.length - 1)));
      FileState asked = Posix.stateAt(PathBytes.of(file));
      return attached != null && asked != null && attached.isSameFile(asked);
    } catch (IOException e) {
      // Nothing is attached, or a file that no longer has a path here.
      return false;
    }
  }
}
