package io.pcache.cli;

import io.pcache.Pcache;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Which running daemon is meant: the one of a cache, the one on a socket, or the only one of the
 * demo folder.
 */
final class DaemonOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
      description =
          "How long to look for the daemon and to wait for its answer, 1 to 3600. Default: ${DEFAULT-VALUE}.")
  private Duration timeout = Duration.ZERO;

  /**
   * Finds it and asks it, all of it within the time limit.
   *
   * @throws CommandException where something does not answer in time, as others do
   */
  ControlReply call(ControlRequest request) throws IOException {
    AnswerLimit limit = new AnswerLimit(timeout);
    return limit.run(() -> ask(request, limit));
  }

  private ControlReply ask(ControlRequest request, AnswerLimit limit) throws IOException {
    try {
      List<Path> found = find(SocketPlaces.ofThisMachine(), limit);
      return new DaemonSearch(found, cache, limit, command.commandLine().getErr()).call(request);
    } catch (ClosedException | StrangerException e) {
      Path meant = cache == null && socket == null ? DemoDisk.inWorkingFolder().cache() : cache;
      throw meant == null ? e : whyNobodyAnswers(meant, limit, e);
    }
  }

  /** A cache that is locked has a process, although nobody answers for it who is believed. */
  private static RuntimeException whyNobodyAnswers(
      Path cache, AnswerLimit limit, RuntimeException otherwise) {
    limit.waitsForFileSystem(cache, "it is looked whether a process has this cache open");
    if (!Pcache.isLocked(cache)) {
      return otherwise;
    }
    String stranger =
        otherwise instanceof StrangerException ? ". Passed over: " + otherwise.getMessage() : "";
    return new ClosedException(
        cache
            + ": a process has this cache open, but no control socket of it answers. It is starting, it has ended but for a device that"
            + " does not answer, or it uses a control socket of its choice: name that one with --socket"
            + stranger,
        otherwise);
  }

  private List<Path> find(SocketPlaces places, AnswerLimit limit) throws IOException {
    if (socket != null) {
      limit.waitsForFileSystem(socket, "this control socket is looked for");
      return List.of(existing(socket));
    }
    DemoDisk demo = DemoDisk.inWorkingFolder();
    limit.waitsForFileSystem(
        cache == null ? demo.folder() : cache, "the daemon's control socket is looked for");
    if (cache == null) {
      return ofDemo(demo, places);
    }
    List<Path> found = present(places, cache);
    if (found.isEmpty()) {
      throw new ClosedException(
          cache
              + ": no pcache serves it, or one with a control socket of its choice; start it with pcache serve, or name the socket with"
              + " --socket");
    }
    return found;
  }

  /** The places where a socket is, or may be: in a folder that cannot be looked into. */
  private static List<Path> present(SocketPlaces places, Path cache) {
    return places.forClient(cache, SocketPlaces.CONTROL_SUFFIX).stream()
        .filter(place -> !Files.notExists(place))
        .toList();
  }

  private static Path existing(Path socket) {
    if (Files.notExists(socket)) {
      throw new ClosedException(socket + ": no pcache answers there; the file does not exist");
    }
    return socket;
  }

  /** The one control socket of the demo's folder, then the demo's places in other folders. */
  static List<Path> ofDemo(DemoDisk demo, SocketPlaces places) throws IOException {
    List<Path> found = socketsIn(demo.folder());
    if (found.size() > 1) {
      throw new BadOptionException(
          "several daemons in " + demo.folder() + "; name one with --socket: " + found);
    }
    Path beside = Path.of(demo.cache().getFileName() + SocketPlaces.CONTROL_SUFFIX);
    present(places, demo.cache()).stream()
        .filter(place -> !beside.equals(place.getFileName()))
        .forEach(found::add);
    if (found.isEmpty()) {
      throw new ClosedException(
          "no pcache is running in "
              + demo.folder()
              + "; name the one that is meant with --cache or --socket");
    }
    return found;
  }

  private static List<Path> socketsIn(Path folder) throws IOException {
    List<Path> sockets = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found =
          Files.newDirectoryStream(folder, "*" + SocketPlaces.CONTROL_SUFFIX)) {
        found.forEach(sockets::add);
      }
    }
    return sockets;
  }
}
