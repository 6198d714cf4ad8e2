package io.pcache.cli;

import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where the sockets of a cache's daemon are, found from the cache's path alone: beside a file; for
 * a block device, whose folder is no place for sockets, in {@code /run/pcache} or, for those who
 * may not write there, in a folder of their own among the temporary files.
 */
final class SocketPlaces {
  static final String CONTROL_SUFFIX = ".pcache.sock";
  static final String NBD_SUFFIX = ".nbd.sock";

  /**
   * What a unix socket's address holds, less the name that it has for a moment while it is made.
   */
  private static final int MAX_PATH_BYTES = 107 - 16;

  private final Path runFolder;
  private final Path userFolder;

  SocketPlaces(Path runFolder, Path userFolder) {
    this.runFolder = runFolder;
    this.userFolder = userFolder;
  }

  /** The places on this machine, for this user. */
  static SocketPlaces ofThisMachine() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    return new SocketPlaces(
        Path.of("/run/pcache"), temporary.resolve("pcache-" + System.getProperty("user.name")));
  }

  /**
   * The places for one cache's socket, the best first. Those with a name too long for a socket are
   * left out.
   */
  List<Path> of(Path cache, String suffix) {
    Path real = realPath(cache);
    List<Path> places = new ArrayList<>();
    if (!Files.exists(real) || Files.isRegularFile(real)) {
      places.add(real.resolveSibling(real.getFileName() + suffix));
    }
    String name = nameOf(real) + suffix;
    places.add(runFolder.resolve(name));
    places.add(userFolder.resolve(name));
    return places.stream()
        .filter(place -> place.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_PATH_BYTES)
        .toList();
  }

  /**
   * The first of these places where this process can make a socket; its folder is made if absent.
   *
   * @throws BadOptionException where there is none
   */
  Path forServer(Path cache, String suffix) {
    return of(cache, suffix).stream()
        .filter(place -> isUsable(Objects.requireNonNull(place.getParent())))
        .findFirst()
        .orElseThrow(() ->
            new BadOptionException(
                cache + ": no place for its sockets; tried " + of(cache, suffix)));
  }

  private boolean isUsable(Path folder) {
    if (folder.equals(runFolder)) {
      makeFolder(folder, "rwxr-xr-x");
    } else if (folder.equals(userFolder)) {
      makeFolder(folder, "rwx------");
      // Among the temporary files anybody can take a name first.
      return isOwn(folder) && takesNewFiles(folder);
    }
    return takesNewFiles(folder);
  }

  /** By trying: a full file system refuses in spite of all permissions. */
  private static boolean takesNewFiles(Path folder) {
    try {
      Files.delete(Files.createTempDirectory(folder, ".pcache"));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isOwn(Path folder) {
    try {
      return Files.getOwner(folder).getName().equals(System.getProperty("user.name"));
    } catch (IOException e) {
      return false;
    }
  }

  private static void makeFolder(Path folder, String permissions) {
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    } catch (IOException e) {
      // There already, or not ours to make. What counts is whether it can be used, seen next.
    }
  }

  /** One name per device, whatever link led to it; short, because socket addresses are. */
  private static String nameOf(Path real) {
    String path = real.toString();
    String flat = path.substring(1).replace('/', '-');
    return flat.length() <= 32
        ? flat
        : flat.substring(flat.length() - 24) + "-" + Integer.toHexString(path.hashCode());
  }

  private static Path realPath(Path cache) {
    try {
      return cache.toRealPath();
    } catch (IOException e) {
      return cache.toAbsolutePath().normalize();
    }
  }
}
