package io.pcache.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Users by number. Names will not do: in containers there are users who have none, and Java then
 * calls its own user "?". No number is looked up either: where a name is asked for, an account may
 * be called "1000" and be another user. So users come from files that are known to be theirs. What
 * stands for a user here is equal to another exactly when their numbers are.
 */
final class UserIds {
  /** Belongs to the effective user of whoever looks at it; the kernel sees to that. */
  private static final Path THIS_PROCESS = Path.of("/proc/self");

  /**
   * Where root owns something. In a container whose root is another user outside, the kernel's own
   * folders belong to nobody.
   */
  private static final List<Path> OFTEN_OF_ROOT =
      List.of(Path.of("/"), Path.of("/etc"), Path.of("/usr"), Path.of("/proc"), Path.of("/proc/1"));

  private static final String NUMBER = "uid";
  private static final Integer ROOT = 0;

  private UserIds() {}

  /** The number under which the system judges what this process may do: its effective user id. */
  static String own() {
    try {
      return Integer.toUnsignedString(numberIn(numberAndOwnerOf(THIS_PROCESS)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot find out the user of this process", e);
    }
  }

  /** The user of this process. */
  static UserPrincipal self() {
    try {
      return Files.getOwner(THIS_PROCESS);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot find out the user of this process", e);
    }
  }

  /** The superuser; empty where there is none, as in a container that knows one other user. */
  static Optional<UserPrincipal> root() {
    return OFTEN_OF_ROOT.stream().flatMap(file -> rootAsOwnerOf(file).stream()).findFirst();
  }

  private static Optional<UserPrincipal> rootAsOwnerOf(Path file) {
    try {
      Map<String, Object> found = numberAndOwnerOf(file);
      return ROOT.equals(numberIn(found))
          ? Optional.of((UserPrincipal) Objects.requireNonNull(found.get("owner")))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Integer numberIn(Map<String, Object> attributes) {
    return (Integer) Objects.requireNonNull(attributes.get(NUMBER));
  }

  /** Both of the same moment. */
  private static Map<String, Object> numberAndOwnerOf(Path file) throws IOException {
    return Files.readAttributes(file, "unix:" + NUMBER + ",owner");
  }

  /** Who owns a file; of a link, the link itself. */
  static UserPrincipal ownerOf(Path file) throws IOException {
    return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS);
  }
}
