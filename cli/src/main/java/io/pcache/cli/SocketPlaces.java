package io.pcache.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

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
   * Makes the folders that sockets may need. One that cannot be made is left out: another place
   * will do.
   */
  void prepare() {
    makeFolder(runFolder, "rwxr-xr-x");
    makeFolder(userFolder, "rwx------");
  }

  private static void makeFolder(Path folder, String permissions) {
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    } catch (IOException e) {
      // There already, or not ours to make. What counts is whether a socket can be made in it,
      // which is seen then.
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
