package io.pcache.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Who can have put something into a folder, or the folder where it is. */
final class PrivateFolder {
  private PrivateFolder() {}

  /**
   * Whether a folder belongs to the user of this process, and nobody else may make files in it.
   * Where anybody can take a name first, as among the temporary files, it may be somebody else's.
   */
  static boolean isOwn(Path folder) {
    try {
      PosixFileAttributes found = attributes(folder);
      return found.isDirectory() && found.owner().equals(UserIds.self()) && isClosed(found);
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether root alone can have made a folder and decided whose it is. */
  static boolean onlyRootCanHaveMade(Path folder) {
    try {
      Optional<UserPrincipal> root = UserIds.root();
      for (Path above = folder.toRealPath().getParent(); above != null; above = above.getParent()) {
        PosixFileAttributes found = attributes(above);
        if (!root.equals(Optional.of(found.owner())) || !isClosed(found)) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static PosixFileAttributes attributes(Path folder) throws IOException {
    return Objects.requireNonNull(
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
  }

  private static boolean isClosed(PosixFileAttributes folder) {
    Set<PosixFilePermission> permissions = folder.permissions();
    return !permissions.contains(PosixFilePermission.GROUP_WRITE)
        && !permissions.contains(PosixFilePermission.OTHERS_WRITE);
  }
}
