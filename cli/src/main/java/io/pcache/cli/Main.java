package io.pcache.cli;

/** Where the {@code pcache} command starts. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(PcacheCommand.commandLine().execute(args));
  }
}
