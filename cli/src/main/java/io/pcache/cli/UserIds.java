package io.pcache.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;

/**
 * Users by number. Names will not do: in containers there are users who have none, and Java then
 * calls its own user "?". What stands for a user here is equal to another exactly when their
 * numbers are.
 */
final class UserIds {
  private static final Path PROCESS_STATUS = Path.of("/proc/self/status");
  private static final String UIDS = "Uid:\t";

  private UserIds() {}

  /** The number under which the system judges what this process may do: its effective user id. */
  static String own() {
    try {
      return Files.readAllLines(PROCESS_STATUS).stream()
          .filter(line -> line.startsWith(UIDS))
          .map(line -> line.substring(UIDS.length()).split("\t", -1)[1])
          .findFirst()
          .orElseThrow(() -> new IOException(PROCESS_STATUS + " names no user"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot find out the user of this process", e);
    }
  }

  /** The user of this process. */
  static UserPrincipal self() {
    return byNumber(own());
  }

  /** The superuser. */
  static UserPrincipal root() {
    return byNumber("0");
  }

  private static UserPrincipal byNumber(String uid) {
    try {
      return FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(uid);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look up user " + uid, e);
    }
  }

  /** Who owns a file; of a link, the link itself. */
  static UserPrincipal ownerOf(Path file) throws IOException {
    return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS);
  }
}
