package io.pcache.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An emulated Linux with persistent memory at {@code /pm} that is mapped with DAX, in which {@code
 * pcache} is the shipped launcher with the classes under test. {@code interop/dax-guest} makes and
 * runs it. What it stores in persistent memory and on its disk outlives it.
 *
 * <p>Thread-safety: none.
 */
public final class DaxGuest implements AutoCloseable {
  /** The program that emulates it. */
  public static final String EMULATOR = "qemu-system-x86_64";

  /** The last file that {@code interop/fetch-kernel} leaves. */
  public static final String KERNEL = "interop/kernel/cloud/modules.load";

  /** How long it may take for one thing: an emulated machine is slow, on a busy one very slow. */
  public static final long BOUND_SECONDS = 1200;

  private static final String SCRIPT = "interop/dax-guest";
  private static final String EXIT_CODE = "exit code ";

  private final Path folder;
  private @Nullable Machine machine;

  private DaxGuest(Path folder) {
    this.folder = folder;
  }

  /**
   * What a line came to.
   *
   * @param output both outputs
   */
  public record Answer(int exitCode, String output) {}

  /** A machine that runs, from its start to its power cut. */
  private record Machine(
      Process process, int port, SocketChannel control, BlockingQueue<String> lines) {}

  /** Makes its disks and its memory, of the classes under test. */
  public static DaxGuest make(Path folder) throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>(ServedDisk.CLASS_PATH);
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    String script = Repository.resolve(SCRIPT).toString();
    Command.run(BOUND_SECONDS, environment, script, "make", folder.toString()).succeeded();
    return new DaxGuest(folder);
  }

  /** Switches it on and waits until it takes commands. */
  public void start() throws IOException, InterruptedException {
    Path socket = folder.resolve("control");
    Files.deleteIfExists(socket);
    int port = freePort();
    Process process =
        new ProcessBuilder(
                Repository.resolve(SCRIPT).toString(),
                "start",
                folder.toString(),
                String.valueOf(port))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("emulator.log").toFile())
            .start();
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    machine = new Machine(process, port, connect(process, socket), lines);
    SocketChannel control = running().control();
    Thread.ofPlatform().daemon().name("dax-guest").start(() -> read(control, lines));
    expectReady();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private SocketChannel connect(Process process, Path socket)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (true) {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
      } catch (IOException e) {
        channel.close();
        boolean late = System.nanoTime() - start > TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
        if (late || process.waitFor(100, TimeUnit.MILLISECONDS)) {
          process.destroyForcibly();
          throw new AssertionError("the emulator has not started:\n" + logs(), e);
        }
      }
    }
  }

  private static void read(SocketChannel control, BlockingQueue<String> lines) {
    try (BufferedReader reader =
        new BufferedReader(Channels.newReader(control, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // Nothing more comes from a machine without power.
    }
  }

  private void expectReady() throws IOException, InterruptedException {
    String line = nextLine();
    if (!line.equals("ready")) {
      throw new AssertionError("'" + line + "' instead of 'ready':\n" + logs());
    }
  }

  private String nextLine() throws IOException, InterruptedException {
    for (long i = 0; i < BOUND_SECONDS; i++) {
      String line = running().lines().poll(1, TimeUnit.SECONDS);
      if (line != null) {
        return line;
      }
      if (!running().process().isAlive()) {
        throw new AssertionError("the machine has died:\n" + logs());
      }
    }
    throw new AssertionError("no word from the machine in " + BOUND_SECONDS + " s:\n" + logs());
  }

  private String logs() throws IOException {
    StringBuilder logs = new StringBuilder();
    for (String name : new String[] {"emulator.log", "console"}) {
      Path log = folder.resolve(name);
      logs.append(Files.exists(log) ? Files.readString(log) : "no " + name).append('\n');
    }
    return logs.toString();
  }

  private Machine running() {
    return Objects.requireNonNull(machine, "it is switched off");
  }

  /** Has its bash run a line. */
  public Answer run(String line) throws IOException, InterruptedException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
    while (bytes.hasRemaining()) {
      running().control().write(bytes);
    }
    StringBuilder output = new StringBuilder();
    while (true) {
      String answer = nextLine();
      if (answer.startsWith(EXIT_CODE)) {
        int exitCode = Integer.parseInt(answer.substring(EXIT_CODE.length()).trim());
        return new Answer(exitCode, output.toString());
      }
      output.append(answer).append('\n');
    }
  }

  /** The output of a line that has to succeed. */
  public String succeed(String line) throws IOException, InterruptedException {
    Answer answer = run(line);
    if (answer.exitCode() != 0) {
      throw new AssertionError(
          "%s: exit code %d%n%s%s".formatted(line, answer.exitCode(), answer.output(), logs()));
    }
    return answer.output();
  }

  /** Where the disk is that it serves at its port 10809. */
  public String uri() {
    return "nbd://127.0.0.1:" + running().port();
  }

  /** The bytes of its disk {@code /dev/vdb}. */
  public Path backing() {
    return folder.resolve("backing.img");
  }

  /** Ends it with SIGKILL: whatever it had in mind stays undone. */
  public void cutPower() throws IOException {
    Machine cut = running();
    cut.process().destroyForcibly().onExit().join();
    cut.control().close();
    machine = null;
  }

  @Override
  public void close() throws IOException {
    if (machine != null) {
      cutPower();
    }
  }
}
