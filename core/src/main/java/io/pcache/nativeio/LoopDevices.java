package io.pcache.nativeio;

import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop devices of this machine. A file or block device that a loop device has attached may be
 * mounted or otherwise in use. No lock of it shows that, nor does an exclusive open.
 *
 * <p>The loop device itself is asked, because the path that sysfs reports may lead nowhere: it was
 * removed, unmounted, or belongs to another mount namespace. The path decides only where the loop
 * device does not answer or cannot be asked, for example for lack of permission.
 *
 * <p>A loop device asks the file system of its file before it answers, and that one may hang. So
 * the loop devices of other programs are waited for with a limit.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LoopDevices {
  private static final Logger LOG = LoggerFactory.getLogger(LoopDevices.class);
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Held while loop devices are asked, by one thread at a time. */
  private static final Object TURN = new Object();

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
   * the system does not report it. A loop device that does not answer is passed over, unless it is
   * reported to have the file at this very path.
   */
  Optional<String> attachedTo(Path file) {
    FileState.Id asked = idAt(PathBytes.of(file));
    if (asked == null) {
      return Optional.empty();
    }
    synchronized (TURN) {
      Map<String, DeviceQuestion<Optional<FileState.Id>>> questions = ask();
      long deadlineNanos = System.nanoTime() + LIMIT_NANOS;
      // All answers are waited for. A question that is under way would pass for an unanswered one.
      List<String> found = new ArrayList<>();
      questions.forEach((name, question) -> {
        Optional<Optional<FileState.Id>> answer = question.answer(deadlineNanos);
        if (answer.isEmpty()
            ? isAttachedWithoutAnswer(name, file)
            : answer.get().equals(Optional.of(asked))) {
          found.add(name);
        }
      });
      return found.stream().findFirst();
    }
  }

  private Map<String, DeviceQuestion<Optional<FileState.Id>>> ask() {
    Map<String, DeviceQuestion<Optional<FileState.Id>>> questions = new TreeMap<>();
    for (String name : names()) {
      questions.put(
          name, DeviceQuestion.ask(nodes.resolve(name), () -> Optional.ofNullable(attached(name))));
    }
    return questions;
  }

  private boolean isAttachedWithoutAnswer(String name, Path file) {
    if (isReported(name, file)) {
      return true;
    }
    LOG.warn(
        "the loop device {} does not answer, as when the file system of its file hangs; it was taken for one that does not have {} attached",
        nodes.resolve(name),
        file);
    return false;
  }

  /** Compares paths only, because a look at the reported file may hang. */
  private boolean isReported(String name, Path file) {
    try {
      return Arrays.equals(reportedPath(name), PathBytes.of(file.toRealPath()));
    } catch (IOException e) {
      return false;
    }
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
      return atReportedPath(name);
    }
    try {
      FileState.Id attached = Posix.attachedTo(descriptor);
      return attached == null && Posix.errno() != Posix.ENXIO ? atReportedPath(name) : attached;
    } finally {
      var _ = Posix.close(descriptor);
    }
  }

  /** Returns what is at the path that sysfs reports for a loop device; null if nothing is. */
  private FileState.@Nullable Id atReportedPath(String name) {
    try {
      return idAt(reportedPath(name));
    } catch (IOException e) {
      // Nothing is attached.
      return null;
    }
  }

  private byte[] reportedPath(String name) throws IOException {
    byte[] line = Files.readAllBytes(descriptions.resolve(name).resolve("loop/backing_file"));
    return Arrays.copyOf(line, Math.max(0, line.length - 1));
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
