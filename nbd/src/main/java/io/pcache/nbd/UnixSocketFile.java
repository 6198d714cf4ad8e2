package io.pcache.nbd;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a Unix socket. It is made in a private directory, restricted to its owner, and only
 * then moved to its place: at no moment can another user connect, and a stale file is replaced in
 * one step.
 */
final class UnixSocketFile {
  private static final long UNIQUE_MASK = (1L << 36) - 1;

  private final Path path;

  /** What fits into {@code sun_path}, its ending zero not counted. */
  private static final int MAX_PATH_BYTES = 107;

  private final @Nullable Object identity;

  private UnixSocketFile(Path path) throws IOException {
    this.path = path;
    this.identity = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /**
   * Listens at a path. A socket that nobody serves any more is replaced; one that is served is
   * refused.
   */
  static BoundSocket bind(ListenAddress.Unix address) {
    Path path = address.path().toAbsolutePath();
    requireReachable(path);
    requireFolder(path, address);
    try {
      requireReplaceable(path);
      return bindPrivately(path, address);
    } catch (AccessDeniedException e) {
      throw new BadOptionException(
          "cannot listen on %s: no permission to make a socket in %s; give another folder"
              .formatted(address, path.getParent()),
          e);
    } catch (FileSystemException e) {
      throw new BadOptionException(
          "cannot listen on "
              + address
              + ": "
              + Objects.requireNonNullElse(e.getReason(), e.toString()),
          e);
    } catch (IOException | UnsupportedOperationException e) {
      throw new BadOptionException("cannot listen on " + address + ": " + e.getMessage(), e);
    }
  }

  private static void requireFolder(Path path, ListenAddress.Unix address) {
    Path folder = path.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new BadOptionException(
          "cannot listen on %s: there is no folder %s; make it first, or give another path"
              .formatted(address, folder));
    }
  }

  /** A client names the path in an address of fixed size, and could not reach a longer one. */
  private static void requireReachable(Path path) {
    int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_PATH_BYTES) {
      throw new BadOptionException(
          "cannot listen on unix:%s: the path has %d bytes, and no client reaches a socket of more than %d; give a shorter one"
              .formatted(path, bytes, MAX_PATH_BYTES));
    }
  }

  private static void requireReplaceable(Path path) throws IOException {
    BasicFileAttributes found;
    try {
      found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    }
    if (!found.isOther()) {
      throw new BadOptionException(
          path + " exists and is no socket; remove it or listen elsewhere");
    }
    if (isServed(path)) {
      throw new DeviceInUseException(
          path + " is served by another process; stop it or listen elsewhere");
    }
  }

  /** Does not wait for a process that stands still: it is there, and may go on. */
  private static boolean isServed(Path path) throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      var _ = probe.configureBlocking(false);
      var _ = probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (SocketException e) {
      // As many clients wait as may. Only a refusal tells that nobody listens.
      return true;
    }
  }

  private static BoundSocket bindPrivately(Path path, ListenAddress.Unix address)
      throws IOException {
    Path directory = path.resolveSibling("." + shortUniqueName());
    Path fresh = directory.resolve("s");
    Path made =
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean bound = false;
    try {
      ServerSocketChannel unused =
          channel.bind(UnixDomainSocketAddress.of(fresh), BoundSocket.BACKLOG);
      Path restricted =
          Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      Path placed = Files.move(restricted, path, StandardCopyOption.ATOMIC_MOVE);
      bound = true;
      return new BoundSocket(channel, address, new UnixSocketFile(placed));
    } finally {
      if (!bound) {
        channel.close();
        boolean unused = Files.deleteIfExists(fresh);
      }
      Files.delete(made);
    }
  }

  /**
   * Short, because a socket's whole path has at most 107 bytes. A name that exists makes the start
   * fail, no more.
   */
  private static String shortUniqueName() {
    long mixed = ProcessHandle.current().pid() * 1_000_003 ^ System.nanoTime();
    return Long.toString(mixed & UNIQUE_MASK, Character.MAX_RADIX);
  }

  /** Removes the file, unless another server has put its own there. */
  void remove() throws IOException {
    try {
      Object found =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey();
      if (Objects.equals(found, identity)) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      return;
    }
  }
}
