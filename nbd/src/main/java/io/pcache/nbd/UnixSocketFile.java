package io.pcache.nbd;

import io.pcache.agent.Patience;
import io.pcache.error.BadOptionException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.net.ConnectException;
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
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a Unix socket. It is made in a private directory, restricted to its owner, and only
 * then moved to its place: at no moment can another user connect, and a stale socket is replaced in
 * one step. Nothing but a socket is ever replaced or removed.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class UnixSocketFile {
  private static final Logger LOG = LoggerFactory.getLogger(UnixSocketFile.class);

  /** The longest path that the address of a Unix socket holds, in bytes ({@code sun_path}). */
  public static final int MAX_PATH_BYTES = 107;

  private static final long UNIQUE_MASK = (1L << 36) - 1;
  private static final String MODE = "unix:mode";
  private static final int FILE_TYPE_MASK = 0170000;
  private static final int SOCKET_TYPE = 0140000;

  private final Path path;
  private final ServerSocketChannel channel;
  private final @Nullable Object identity;

  private UnixSocketFile(Path path, ServerSocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.identity = identityOf(path);
  }

  /**
   * Listens at a path. A socket that is there is replaced, also where a process serves on it.
   *
   * @param path whose folder exists
   * @param name what it is called in messages
   * @param option by which another path can be given, for messages
   * @param backlog how many clients may wait to be accepted
   * @throws BadOptionException where something else is there, or no socket can be made
   * @throws NoSpaceException where the file system is full
   */
  public static UnixSocketFile bind(Path path, String name, String option, int backlog) {
    requireReplaceable(path, name, option);
    try {
      return bindPrivately(path.toAbsolutePath(), backlog);
    } catch (IOException | UnsupportedOperationException e) {
      throw refusal(path, name, option, e);
    }
  }

  /**
   * Checks that nothing is at a path, or a socket. Of a link, the link itself counts: it would be
   * replaced.
   *
   * @param name what it is called in messages
   * @param option by which another path can be given, for messages
   * @throws BadOptionException where something else is there
   */
  public static void requireReplaceable(Path path, String name, String option) {
    try {
      if (!isSocketMode(Files.getAttribute(path, MODE, LinkOption.NOFOLLOW_LINKS))) {
        throw new BadOptionException(
            "cannot listen on %s: what is there is no socket; move it away, or give another path with %s"
                .formatted(name, option));
      }
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw refusal(path, name, option, e);
    }
  }

  /** How many bytes a path takes in the address of a socket. */
  public static int pathBytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  /**
   * Whether there is a socket at a path, or where a link there leads.
   *
   * @throws IOException where that cannot be told, also where there is nothing
   */
  public static boolean isSocket(Path path) throws IOException {
    return isSocketMode(Files.getAttribute(path, MODE));
  }

  private static boolean isSocketMode(@Nullable Object mode) {
    return mode instanceof Integer bits && (bits & FILE_TYPE_MASK) == SOCKET_TYPE;
  }

  /**
   * Whether a process listens on a socket. Does not wait for one that stands still: it is there,
   * and may go on.
   */
  public static boolean isServed(Path path) {
    if (Files.notExists(path)) {
      return false;
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      var _ = probe.configureBlocking(false);
      var _ = probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      // As many clients wait as may. Only a refusal tells that nobody listens.
      return true;
    }
  }

  private static PcacheException refusal(Path path, String name, String option, Exception e) {
    String reason = reasonOf(e);
    if (e instanceof AccessDeniedException) {
      return new BadOptionException(
          "cannot listen on %s: no permission to make a socket in %s; give another folder with %s"
              .formatted(name, path.toAbsolutePath().getParent(), option),
          e);
    }
    if (saysFull(reason)) {
      return new NoSpaceException(
          "cannot listen on %s: %s in %s; make room there, or give another folder with %s"
              .formatted(name, reason, path.toAbsolutePath().getParent(), option),
          e);
    }
    return new BadOptionException(
        "cannot listen on %s: %s; give another path with %s".formatted(name, reason, option), e);
  }

  /** Without the name of the private directory, which is gone. */
  private static String reasonOf(Exception e) {
    if (e instanceof FileSystemException withReason) {
      return Objects.requireNonNullElse(withReason.getReason(), e.toString());
    }
    return Objects.requireNonNullElse(e.getMessage(), e.toString());
  }

  /** The system's words are the only thing that tells. */
  private static boolean saysFull(String reason) {
    String lower = reason.toLowerCase(Locale.ROOT);
    return lower.contains("no space left") || lower.contains("quota exceeded");
  }

  private static UnixSocketFile bindPrivately(Path path, int backlog) throws IOException {
    Path directory = path.resolveSibling("." + shortUniqueName());
    Path fresh = directory.resolve("s");
    Path made =
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ServerSocketChannel channel = null;
    boolean bound = false;
    try {
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      var _ = channel.bind(UnixDomainSocketAddress.of(fresh), backlog);
      Path restricted =
          Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      Path placed = Files.move(restricted, path, StandardCopyOption.ATOMIC_MOVE);
      UnixSocketFile file = new UnixSocketFile(placed, channel);
      bound = true;
      return file;
    } finally {
      if (!bound) {
        closeIfOpen(channel);
        boolean unused = Files.deleteIfExists(fresh);
      }
      Files.delete(made);
    }
  }

  private static void closeIfOpen(@Nullable ServerSocketChannel channel) throws IOException {
    if (channel != null) {
      channel.close();
    }
  }

  /**
   * Short, because a socket's whole path has at most {@link #MAX_PATH_BYTES}. A name that exists
   * makes the start fail, no more.
   */
  private static String shortUniqueName() {
    long mixed = ProcessHandle.current().pid() * 1_000_003 ^ System.nanoTime();
    return Long.toString(mixed & UNIQUE_MASK, Character.MAX_RADIX);
  }

  private static @Nullable Object identityOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /** What accepts the connections. Closing it alone leaves the file. */
  public ServerSocketChannel channel() {
    return channel;
  }

  /**
   * Removes the file unless another process has put its own there, and stops to listen. Who has
   * connected before is accepted until then.
   *
   * @param patience how long to wait for the file system, which may not answer; the removal then
   *     goes on in the background
   * @throws IOException where the file cannot be removed, or was not in time
   */
  public void close(Patience patience) throws IOException {
    try {
      removeFile(patience);
    } finally {
      channel.close();
    }
  }

  private void removeFile(Patience patience) throws IOException {
    FutureTask<Void> removal = new FutureTask<>(this::remove);
    var _ = Thread.ofPlatform().name("socket-removal").daemon(true).start(removal);
    String what = "the file system of socket " + path;
    if (!patience.awaitElsewhere(what, removal::isDone)) {
      throw new IOException("its file system does not answer; the file " + path + " may stay");
    }
    if (removal.state() == Future.State.FAILED) {
      throw new IOException(removal.exceptionNow().getMessage(), removal.exceptionNow());
    }
  }

  private @Nullable Void remove() throws IOException {
    try {
      if (Objects.equals(identityOf(path), identity)) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      LOG.debug("{} is gone already", path);
    }
    return null;
  }
}
