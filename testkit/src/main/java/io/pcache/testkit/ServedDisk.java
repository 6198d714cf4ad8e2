package io.pcache.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The daemon in a process of its own ({@code bin/pcache serve}), as real clients meet it.
 *
 * <p>Thread-safety: none.
 */
public final class ServedDisk implements AutoCloseable {
  /** The command that serves, relative to the repository's top folder. */
  public static final String COMMAND = "bin/pcache";

  /** The classes under test, so that the launcher does not start a build inside the build. */
  static final Map<String, String> CLASS_PATH =
      Map.of(
          "PCACHE_CLASSPATH",
          System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));

  private static final String STAGING_OPTION = "--staging";

  private static final Pattern URI = Pattern.compile("\\bnbds?(?:\\+unix)?://\\S+");
  private static final long START_SECONDS = 300;
  private static final long STOP_SECONDS = 240;

  private final Process process;
  private final List<ProcessHandle> children;
  private final String uri;
  private final List<String> log;

  private ServedDisk(Process process, String uri, List<String> log) {
    this.process = process;
    this.children = process.descendants().toList();
    this.uri = uri;
    this.log = log;
  }

  /** Runs another subcommand to its end. */
  public static Command pcache(String... arguments) throws IOException, InterruptedException {
    return Command.run(CLASS_PATH, Repository.resolve(COMMAND).toString(), arguments);
  }

  /**
   * Starts a daemon and waits until it has printed its URI.
   *
   * @param arguments what follows {@code pcache serve}
   * @throws AssertionError with its output where it ends or takes two minutes instead
   */
  public static ServedDisk start(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder builder = serveCommand(arguments);
    Process process = builder.start();
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<String> uri = new CompletableFuture<>();
    Thread reader =
        Thread.ofPlatform().daemon().name("served-disk-log").start(() -> read(process, log, uri));
    try {
      return new ServedDisk(process, uri.get(START_SECONDS, TimeUnit.SECONDS), log);
    } catch (ExecutionException | TimeoutException e) {
      process.destroyForcibly();
      reader.join(TimeUnit.SECONDS.toMillis(1));
      throw new AssertionError(
          "%s has not begun to serve:%n%s"
              .formatted(String.join(" ", builder.command()), String.join("\n", log)),
          e);
    }
  }

  /**
   * Starts a daemon that is not expected to serve. Its standard output and error are one pipe.
   *
   * @param arguments what follows {@code pcache serve}
   */
  public static Process startOnly(String... arguments) throws IOException {
    return serveCommand(arguments).start();
  }

  /**
   * Starts a daemon and kills it after some time with SIGKILL, whatever it has come to by then.
   *
   * @param arguments what follows {@code pcache serve}
   */
  public static void startAndKill(long afterMillis, String... arguments)
      throws IOException, InterruptedException {
    Process process =
        serveCommand(arguments).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    boolean ended = process.waitFor(afterMillis, TimeUnit.MILLISECONDS);
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly().waitFor();
    endAll(children);
    if (ended) {
      throw new AssertionError("the daemon has ended by itself with " + process.exitValue());
    }
  }

  private static ProcessBuilder serveCommand(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(Repository.resolve(COMMAND).toString(), "serve"));
    Collections.addAll(command, arguments);
    if (!command.contains(STAGING_OPTION)) {
      Collections.addAll(command, STAGING_OPTION, StagingFolder.ofThisProcess().toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(CLASS_PATH);
    return builder;
  }

  private static void read(Process process, List<String> log, CompletableFuture<String> uri) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        log.add(line);
        Matcher found = URI.matcher(line);
        if (found.find()) {
          uri.complete(found.group());
        }
      }
      uri.completeExceptionally(new IOException("its output has ended"));
    } catch (IOException e) {
      uri.completeExceptionally(e);
    }
  }

  /** A URI that listens on a socket in a folder, in the form that {@code --listen} takes. */
  public static String unixSocket(Path folder) {
    return "unix:" + folder.resolve("nbd.sock");
  }

  /** Where it serves. */
  public String uri() {
    return uri;
  }

  /** What it has printed so far. */
  public String log() {
    return String.join("\n", log.toArray(new String[0]));
  }

  /** Asks it to stop in order and waits for it; returns its exit code. */
  public int stop() throws IOException, InterruptedException {
    requestStop();
    return awaitEnd();
  }

  /** Sends it the signal that asks it to stop, if it has not ended. */
  public void requestStop() throws IOException, InterruptedException {
    if (process.isAlive()) {
      var _ = Command.run("kill", "-TERM", String.valueOf(process.pid()));
    }
  }

  /**
   * Sends a signal to the process that serves, past the launcher.
   *
   * @param name as kill takes it, for instance {@code -STOP}
   */
  public void signalDaemon(String name) throws IOException, InterruptedException {
    Command.run("kill", name, String.valueOf(daemonPid())).succeeded();
  }

  private long daemonPid() {
    return children.isEmpty() ? process.pid() : children.getFirst().pid();
  }

  /** Whether one of its threads waits inside the kernel for a device. */
  public boolean waitsInsideTheKernel() throws IOException {
    Path threads = Path.of("/proc", String.valueOf(daemonPid()), "task");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(threads)) {
      for (Path thread : all) {
        String status = Files.readString(thread.resolve("stat"));
        if (status.startsWith(" D", status.lastIndexOf(')') + 1)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Waits until it has stopped; returns its exit code. */
  public int awaitEnd() throws InterruptedException {
    return awaitEnd(Duration.ofSeconds(STOP_SECONDS));
  }

  /**
   * Waits for its end; returns its exit code.
   *
   * @throws AssertionError with its output where that takes longer than the limit
   */
  public int awaitEnd(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(
          "the daemon has not stopped in " + limit.toSeconds() + " s:\n" + log());
    }
    return process.exitValue();
  }

  /** Whether it has not ended. */
  public boolean isRunning() {
    return process.isAlive();
  }

  /** Waits until nothing of it is left that the kernel kept for a device. */
  public void awaitNothingLeft() {
    children.forEach(child -> child.onExit().join());
  }

  /** Kills it, and whatever it started, with SIGKILL. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    endAll(children);
    process.waitFor();
  }

  private static void endAll(List<ProcessHandle> children) {
    children.forEach(ProcessHandle::destroyForcibly);
    children.forEach(child -> child.onExit().join());
  }

  /** Kills it if it is still there. */
  @Override
  public void close() {
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
