package io.pcache.cli;

import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The launcher of this process, where it waits for it: it can end what cannot end itself any more,
 * because a thread waits inside the kernel for a device that does not answer. By one pipe it is
 * told how long a stop may stand still, that this process lives while it stops, and how it ends; by
 * another it passes on the requests to stop.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class Launcher {
  private static final long BEAT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final String STOP = "stop ";

  private final @Nullable OutputStream reports;

  private Launcher(@Nullable OutputStream reports) {
    this.reports = reports;
  }

  /** The one of this process, or what stands for none. */
  static Launcher ofThisProcess() {
    String path = System.getProperty("pcache.launcher.reports");
    try {
      return new Launcher(path == null ? null : new FileOutputStream(path));
    } catch (IOException e) {
      return new Launcher(null);
    }
  }

  /**
   * It serves, a stop may stand still for that long, and requests to stop are taken from now on.
   * Without its launcher this process ends, since nobody could stop it in the way that people know.
   */
  void serves(Duration stopLimit, StopRequests stop) {
    String path = System.getProperty("pcache.launcher.requests");
    if (path != null) {
      var _ =
          Thread.ofPlatform()
              .name("pcache-launcher-requests")
              .daemon(true)
              .start(() -> {
                listen(Path.of(path), stop);
                Runtime.getRuntime().halt(Failure.EXIT_OTHER);
              });
    }
    tell("serves " + stopLimit.toSeconds());
  }

  /** Returns when the launcher is gone. */
  private static void listen(Path requests, StopRequests stop) {
    try (BufferedReader lines = Files.newBufferedReader(requests, StandardCharsets.US_ASCII)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(STOP)) {
          stop.requestedAtLeast(Integer.parseInt(line.substring(STOP.length())));
        }
      }
    } catch (IOException e) {
      // As where it is gone: it cannot be heard any more.
    }
  }

  /** From now on, as long as all threads of this process can go on, the launcher hears of it. */
  void stops() {
    if (reports != null) {
      var _ = Thread.ofPlatform().name("pcache-launcher-beat").daemon(true).start(this::beat);
    }
  }

  private void beat() {
    reachEveryThread();
    while (tell("stops")) {
      LockSupport.parkNanos(BEAT_NANOS);
      reachEveryThread();
    }
  }

  /**
   * Returns once the virtual machine has reached every thread, as it does at a collection. It
   * cannot while one waits in a page fault. This thread may go on then for long after the one that
   * stops the process waits for the virtual machine.
   */
  private static void reachEveryThread() {
    // To close it, each thread has to say that it uses none of its memory.
    Arena.ofShared().close();
  }

  /** It ends with that exit code, whatever becomes of the process. */
  void ends(int exitCode) {
    boolean unused = tell("ends " + exitCode);
  }

  /** A line is shorter than a pipe takes at once. Returns whether somebody listens. */
  private boolean tell(String line) {
    if (reports == null) {
      return false;
    }
    try {
      reports.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
