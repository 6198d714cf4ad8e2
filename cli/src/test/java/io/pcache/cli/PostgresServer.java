package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.testkit.Command;
import io.pcache.testkit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * PostgreSQL with its data in a folder of ours, on a socket of ours. It refuses to run as root, so
 * everything runs as the user that its package makes.
 */
final class PostgresServer {
  private static final String USER = "postgres";

  private final Path data;
  private final Path sockets;

  /** The first process of it; 0 where it has not been started, or was killed. */
  private long postmasterPid;

  /**
   * Describes a server; it is not started.
   *
   * @param data its data folder
   * @param sockets the folder of its socket and its log
   */
  PostgresServer(Path data, Path sockets) {
    this.data = data;
    this.sockets = sockets;
  }

  /** Makes an empty database system and starts it. */
  static PostgresServer init(Path data, Path sockets) throws IOException, InterruptedException {
    Files.createDirectories(data);
    Files.createDirectories(sockets);
    Command.run("chown", USER, data.toString(), sockets.toString()).succeeded();
    PostgresServer server = new PostgresServer(data, sockets);
    server.run("initdb", "--auth=trust", "--pgdata=" + data).succeeded();
    server.start();
    return server;
  }

  /** Starts it and waits until it takes connections; after a crash, until it has recovered. */
  void start() throws IOException, InterruptedException {
    Path log = sockets.resolve("log");
    Command started =
        run(
            "pg_ctl",
            "start",
            "--wait",
            "--timeout=90",
            "--pgdata=" + data,
            "--log=" + log,
            "--options=-k " + sockets + " -c listen_addresses= -c logging_collector=off");
    // pg_ctl itself only says that there is more in the log.
    assertThat(started.exitCode()).as(() -> "%s%n%s".formatted(started, lastLines(log))).isZero();
    postmasterPid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
  }

  private static String lastLines(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Stops it in order. */
  void stop() throws IOException, InterruptedException {
    run("pg_ctl", "stop", "--mode=fast", "--wait", "--pgdata=" + data).succeeded();
  }

  /**
   * Kills every process of it, as a machine that goes down does, and waits until none is left: it
   * refuses to start again as long as the first one's number is in use, which it is until somebody
   * has asked how that process ended.
   */
  void kill() {
    await().atMost(240, TimeUnit.SECONDS).until(this::noneIsLeftToKill);
    postmasterPid = 0;
  }

  private boolean noneIsLeftToKill() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      List<ProcessHandle> left = all.filter(this::isOurs).toList();
      left.forEach(ProcessHandle::destroyForcibly);
      return left.isEmpty();
    }
  }

  /** All of them work in the data folder, whatever they call themselves. */
  private boolean isOurs(ProcessHandle process) {
    if (process.pid() == postmasterPid) {
      return true;
    }
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/cwd")).equals(data);
    } catch (IOException e) {
      // It has ended; only the number of the first one counts beyond that.
      return false;
    }
  }

  /** Runs one of PostgreSQL's programs against it. */
  Command run(String program, String... arguments) throws IOException, InterruptedException {
    return Command.run("runuser", words(program, arguments).toArray(new String[0]));
  }

  /** Starts one of PostgreSQL's programs against it. */
  Process start(Path output, String program, String... arguments) throws IOException {
    List<String> words = words(program, arguments);
    words.addFirst(Tool.require("runuser").toString());
    return new ProcessBuilder(words)
        .directory(sockets.toFile())
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  private List<String> words(String program, String... arguments) {
    List<String> words =
        new ArrayList<>(
            List.of("-u", USER, "--", "env", "PGHOST=" + sockets, "PGDATABASE=" + USER));
    words.add(Tool.require(program).toString());
    words.addAll(List.of(arguments));
    return words;
  }

  /** The one value that a query gives. */
  long query(String sql) throws IOException, InterruptedException {
    String answer = run("psql", "-X", "-A", "-t", "-q", "-c", sql).succeeded();
    assertThat(answer).as(sql).matches("-?\\d+");
    return Long.parseLong(answer);
  }
}
