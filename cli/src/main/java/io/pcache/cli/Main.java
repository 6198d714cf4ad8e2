package io.pcache.cli;

import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Where the {@code pcache} command starts. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    int exitCode = run(args);
    Launcher.ofThisProcess().ends(exitCode);
    if (exitCode == Failure.EXIT_NO_ANSWER) {
      closeOutputs();
    }
    System.exit(exitCode);
  }

  /**
   * The kernel may keep this process, with all that it has open, for a thread that waits for a file
   * system. Who reads its output to the end must not wait for that.
   */
  private static void closeOutputs() {
    System.out.close();
    System.err.close();
  }

  private static int run(String[] args) {
    try {
      OpenFilesLimit.check();
      NameEncoding.check(args);
    } catch (BadOptionException | IOException e) {
      return Failure.of(e).report(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    }
    return PcacheCommand.commandLine().execute(args);
  }
}
