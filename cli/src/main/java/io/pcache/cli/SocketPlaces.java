package io.pcache.cli;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.nbd.UnixSocketFile;
import java.io.IOException;
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
  static final String CONTROL_OPTION = "--control-socket";

  /** The name that a socket has for a moment while it is made, in the same folder. */
  private static final int TEMPORARY_NAME_BYTES = 16;

  /** As many as the system follows. */
  private static final int MAX_LINKS = 40;

  private final Path runFolder;
  private final Path userFolder;

  SocketPlaces(Path runFolder, Path userFolder) {
    this.runFolder = runFolder;
    this.userFolder = userFolder;
  }

  /** The places on this machine, for this user. */
  static SocketPlaces ofThisMachine() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    return new SocketPlaces(Path.of("/run/pcache"), temporary.resolve("pcache-" + UserIds.own()));
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
    return places.stream().filter(SocketPlaces::isShortEnough).toList();
  }

  /**
   * The places where a client may look, the best first. The user's own folder is one of them only
   * where it is the user's own: among the temporary files anybody can take its name first.
   */
  List<Path> forClient(Path cache, String suffix) {
    return of(cache, suffix).stream()
        .filter(place -> !userFolder.equals(place.getParent()) || PrivateFolder.isOwn(userFolder))
        .toList();
  }

  /**
   * A place that was chosen by name.
   *
   * @throws BadOptionException where no socket can be made there
   * @throws DeviceInUseException where another process serves on it
   */
  static Path chosen(Path socket) {
    Path whole = socket.toAbsolutePath();
    UnixSocketFile.requireReplaceable(whole, controlSocketName(socket), CONTROL_OPTION);
    Path folder = Objects.requireNonNull(whole.getParent(), "the root folder is no socket");
    if (!Files.isDirectory(folder)) {
      throw new BadOptionException(
          "%s: there is no folder %s for the control socket; make it first, or give another path"
              .formatted(socket, folder));
    }
    int bytes =
        Math.max(
            UnixSocketFile.pathBytes(whole),
            UnixSocketFile.pathBytes(folder) + TEMPORARY_NAME_BYTES);
    if (bytes > UnixSocketFile.MAX_PATH_BYTES) {
      throw new BadOptionException(
          "%s: the control socket's path needs %d bytes, and a socket's holds %d; give a shorter one"
              .formatted(socket, bytes, UnixSocketFile.MAX_PATH_BYTES));
    }
    if (UnixSocketFile.isServed(whole)) {
      throw new DeviceInUseException(
          socket + " is served by another process; stop it, or choose another control socket");
    }
    return whole;
  }

  /** What a control socket is called in messages and in the log. */
  static String controlSocketName(Path socket) {
    return "control socket " + socket;
  }

  private static boolean isShortEnough(Path place) {
    return UnixSocketFile.pathBytes(place) <= UnixSocketFile.MAX_PATH_BYTES - TEMPORARY_NAME_BYTES;
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
      return PrivateFolder.isOwn(folder) && takesNewFiles(folder);
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

  /** Also of a cache that was deleted: its daemon's socket is still where it was. */
  private static Path realPath(Path cache) {
    Path absolute = cache.toAbsolutePath().normalize();
    try {
      return cache.toRealPath();
    } catch (IOException e) {
      return withoutLinks(absolute);
    }
  }

  private static Path withoutLinks(Path missing) {
    Path path = missing;
    try {
      for (int i = 0; i < MAX_LINKS && Files.isSymbolicLink(path); i++) {
        path = path.resolveSibling(Files.readSymbolicLink(path)).normalize();
      }
      Path folder = Objects.requireNonNullElse(path.getParent(), path).toRealPath();
      return folder.resolve(Objects.requireNonNullElse(path.getFileName(), path));
    } catch (IOException e) {
      return missing;
    }
  }
}
