package io.pcache.testkit.simulation;

import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The simulator's command line; {@code bin/simulate} runs it. */
public final class Main {
  private static final int OK = 0;
  private static final int BROKEN = 1;
  private static final int USAGE = 2;
  private static final double SECONDS_PER_NANO = 1e-9;
  private static final String ERASE_LINE = "\r\u001b[K";

  private final CommandLine commandLine;
  private final boolean terminal;
  private final Simulator simulator = new Simulator();
  private final long startNanos = System.nanoTime();
  private long nextProgressNanos = startNanos;

  private Main(CommandLine commandLine, boolean terminal) {
    this.commandLine = commandLine;
    this.terminal = terminal;
  }

  /** Runs it and exits. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  private static int run(String[] args) {
    for (String arg : args) {
      if (arg.equals("--help") || arg.equals("-h")) {
        System.out.println(CommandLine.USAGE);
        return OK;
      }
    }
    try {
      CommandLine commandLine = CommandLine.parse(args);
      return new Main(commandLine, Boolean.getBoolean("pcache.stderr.terminal")).run();
    } catch (IllegalArgumentException e) {
      System.err.println("simulate: " + e.getMessage());
      System.err.println(CommandLine.USAGE);
      return USAGE;
    }
  }

  private int run() {
    long lastNanos =
        startNanos + (long) (commandLine.minutes().orElse(0) * TimeUnit.MINUTES.toNanos(1));
    long seed = commandLine.seed();
    Optional<Simulator.Failure> failure;
    do {
      failure = commandLine.exhaustive() ? simulator.runExhaustively(seed) : simulator.run(seed);
      seed++;
      showProgress();
    } while (failure.isEmpty() && System.nanoTime() - lastNanos < 0);
    if (terminal) {
      System.err.print(ERASE_LINE);
    }
    failure.ifPresent(this::show);
    if (commandLine.json()) {
      System.out.println(report().json(failure.isPresent()));
    } else if (failure.isEmpty()) {
      System.out.println(report().text());
    }
    return failure.isEmpty() ? OK : BROKEN;
  }

  private Report report() {
    double cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    return new Report(
        commandLine,
        simulator.statistics(),
        (System.nanoTime() - startNanos) * SECONDS_PER_NANO,
        cpuNanos * SECONDS_PER_NANO);
  }

  private void showProgress() {
    if (terminal && System.nanoTime() - nextProgressNanos >= 0) {
      System.err.print(ERASE_LINE + report().progress());
      nextProgressNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    }
  }

  private void show(Simulator.Failure failure) {
    System.err.println("FAILED: " + failure.cause().getMessage());
    System.err.println("in a world of " + failure.settings());
    System.err.println("the last operations, those in forks further in:");
    failure.trace().forEach(line -> System.err.println("  " + line));
    System.err.println("where it showed:");
    failure.cause().printStackTrace();
    System.err.println(
        "repeat this with: bin/simulate "
            + (commandLine.exhaustive() ? "--exhaustive " : "")
            + "--seed "
            + failure.seed());
  }
}
