package io.pcache.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** {@code bin/fuzz}: fuzzes one target or all of them in turn, starting from the kept corpus. */
public final class Main {
  private static final String USAGE =
      "usage: bin/fuzz [--minutes M] [TARGET], with TARGET one of "
          + Arrays.toString(FuzzTarget.values()).toLowerCase(Locale.ROOT);
  private static final int DEFAULT_MINUTES = 10;

  private final Path module;

  private Main(Path module) {
    this.module = module;
  }

  /**
   * Fuzzes.
   *
   * @param arguments the module's folder, then what the usage says
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int minutes = DEFAULT_MINUTES;
    List<FuzzTarget> targets = List.of(FuzzTarget.values());
    try {
      for (int i = 1; i < arguments.length; i++) {
        if (arguments[i].equals("--minutes")) {
          minutes = parseMinutes(arguments[++i]);
        } else {
          targets = List.of(FuzzTarget.valueOf(arguments[i].toUpperCase(Locale.ROOT)));
        }
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      System.err.println(USAGE);
      System.exit(2);
    }
    long seconds = Duration.ofMinutes(minutes).toSeconds() / targets.size();
    boolean allPassed = true;
    for (FuzzTarget target : targets) {
      allPassed &= new Main(Path.of(arguments[0])).fuzz(target, seconds);
    }
    System.exit(allPassed ? 0 : 1);
  }

  /** Jazzer takes no time for all the time there is. */
  private static int parseMinutes(String text) {
    int minutes = Integer.parseInt(text);
    if (minutes < 1) {
      throw new IllegalArgumentException("at least a minute");
    }
    return minutes;
  }

  private boolean fuzz(FuzzTarget target, long seconds) throws IOException, InterruptedException {
    Path work = Files.createDirectories(module.resolve("target").resolve("fuzz"));
    Path log = work.resolve(target.name().toLowerCase(Locale.ROOT) + ".log");
    System.out.printf("%s: %d s; log: %s%n", target, seconds, log);
    Fuzzer fuzzer = new Fuzzer(work);
    boolean passed =
        fuzzer.run(
            target.name(),
            target.harness(),
            target.corpus(module.resolve("corpus")),
            target.options(),
            seconds,
            log);
    if (passed) {
      System.out.printf("%s: nothing found%n", target);
    } else {
      System.out.printf(
          "%s: FAILED; the input lies in %s, what happened at the end of the log.%n"
              + "Mend it, and keep the input as %s/NAME.bin%n",
          target, fuzzer.failures(target.name()), target.corpus(module.resolve("corpus")));
    }
    return passed;
  }
}
