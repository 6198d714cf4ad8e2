package io.pcache.nativeio;

import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The loop devices of this machine. A file or block device that a loop device has attached may be
 * mounted or otherwise in use. No lock of it shows that, nor does an exclusive open.
 *
 * <p>The loop device itself is asked, because the path that sysfs reports may lead nowhere: it was
 * removed, unmounted, or belongs to another mount namespace. The path decides only where the loop
 * device cannot be asked, for example for lack of permission.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LoopDevices {
  private static final Path DESCRIPTIONS = Path.of("/sys/block");
  private static final Path NODES = Path.of("/dev");

  private final Path descriptions;
  private final Path nodes;

  /**
   * Looks for loop devices at places of its own.
   *
   * @param descriptions the folder in which the system describes its block devices
   * @param nodes the folder with their device nodes
   */
  LoopDevices(Path descriptions, Path nodes) {
    this.descriptions = descriptions;
    this.nodes = nodes;
  }

  /**
   * Refuses a file or block device that a loop device has attached.
   *
   * @throws DeviceInUseException if a loop device has it attached
   */
  public static void refuseAttached(Path file) {
    new LoopDevices(DESCRIPTIONS, NODES)
        .attachedTo(file)
        .ifPresent(name -> {
          throw new DeviceInUseException(
              "%s: the loop device /dev/%s has this file attached; detach it first (losetup --detach /dev/%s); only serve takes it all the same, with --force"
                  .formatted(file, name, name));
        });
  }

  /**
   * Returns the loop device that has a file or block device attached. Empty if there is none, or
   * the system does not report it.
   */
  Optional<String> attachedTo(Path file) {
    FileState.Id asked = idAt(PathBytes.of(file));
    return asked == null
        ? Optional.empty()
        : names().stream().filter(name -> asked.equals(attached(name))).findFirst();
  }

  private Set<String> names() {
    Set<String> names = new TreeSet<>();
    addNames(descriptions, names);
    addNames(nodes, names);
    return names;
  }

  private static void addNames(Path folder, Set<String> names) {
    try (DirectoryStream<Path> loops = Files.newDirectoryStream(folder, "loop[0-9]*")) {
      for (Path loop : loops) {
        String name = String.valueOf(loop.getFileName());
        // Partitions of a loop device have a p in their name.
        if (name.chars().skip("loop".length()).allMatch(Character::isDigit)) {
          names.add(name);
        }
      }
    } catch (IOException e) {
      // This folder tells nothing of loop devices; the other one may.
    }
  }

  private FileState.@Nullable Id attached(String name) {
    int descriptor =
        Posix.open(PathBytes.of(nodes.resolve(name)), Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    if (descriptor < 0) {
      return reportedPath(name);
    }
    try {
      FileState.Id attached = Posix.attachedTo(descriptor);
      return attached == null && Posix.errno() != Posix.ENXIO ? reportedPath(name) : attached;
    } finally {
      var _ = Posix.close(descriptor);
    }
  }

  /** Returns what is at the path that sysfs reports for a loop device; null if nothing is. */
  private FileState.@Nullable Id reportedPath(String name) {
    try {
      byte[] line = Files.readAllBytes(descriptions.resolve(name).resolve("loop/backing_file"));
      return idAt(Arrays.copyOf(line, Math.max(0, line.length - 1)));
    } catch (IOException e) {
      // Nothing is attached.
      return null;
    }
  }

  private static FileState.@Nullable Id idAt(byte[] path) {
    try {
      FileState state = Posix.stateAt(path);
      return state == null ? null : state.id();
    } catch (IOException e) {
      return null;
    }
  }
}
