package io.pcache.cli;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Which running daemon is meant: the one of a cache, the one on a socket, or the only one of the
 * demo folder.
 */
final class DaemonOption {
  @Option(
      names = "--cache",
      paramLabel = "CACHE",
      description = "The cache that the daemon serves. Without: the one in ./pcache-data.")
  private @Nullable Path cache;

  @Option(names = "--socket", paramLabel = "PATH", description = "The daemon's control socket.")
  private @Nullable Path socket;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      converter = Seconds.class,
      defaultValue = "5",
      description = "How long to wait for the answer, 1 to 3600. Default: ${DEFAULT-VALUE}.")
  private Duration timeout = Duration.ZERO;

  /** Asks it. */
  ControlReply call(ControlRequest request) throws IOException {
    Path found = find(DemoDisk.inWorkingFolder().folder());
    return new ControlClient(found, socket == null ? cache : null, timeout).call(request);
  }

  private Path find(Path demoFolder) throws IOException {
    if (socket != null) {
      return existing(socket);
    }
    if (cache == null) {
      return onlyOneIn(demoFolder);
    }
    List<Path> places = SocketPlaces.ofThisMachine().forClient(cache, SocketPlaces.CONTROL_SUFFIX);
    return places.stream()
        .filter(Files::exists)
        .findFirst()
        .or(() -> places.stream().filter(place -> !Files.notExists(place)).findFirst())
        .orElseThrow(() ->
            new ClosedException(
                cache
                    + ": no pcache serves it, or one with a control socket of its choice; start it with pcache serve, or name the socket with"
                    + " --socket"));
  }

  private static Path existing(Path socket) {
    if (Files.notExists(socket)) {
      throw new ClosedException(socket + ": no pcache answers there; the file does not exist");
    }
    return socket;
  }

  /** The one control socket of a folder. */
  static Path onlyOneIn(Path folder) throws IOException {
    List<Path> sockets = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found =
          Files.newDirectoryStream(folder, "*" + SocketPlaces.CONTROL_SUFFIX)) {
        found.forEach(sockets::add);
      }
    }
    if (sockets.isEmpty()) {
      throw new ClosedException(
          "no pcache is running in "
              + folder
              + "; name the one that is meant with --cache or --socket");
    }
    if (sockets.size() > 1) {
      throw new BadOptionException(
          "several daemons in " + folder + "; name one with --socket: " + sockets);
    }
    return sockets.getFirst();
  }
}
