package io.pcache.testkit.simulation;

import java.security.SecureRandom;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What the simulator is asked for.
 *
 * @param seed of the first world; those after it count up
 * @param minutes how long; empty for the one world of the seed
 * @param exhaustive whether every crash of short histories is tried, instead of some of long ones
 * @param json whether the report is for programs
 */
record CommandLine(long seed, OptionalDouble minutes, boolean exhaustive, boolean json) {
  static final String USAGE =
      """
      usage: bin/simulate [--seed S] [--minutes M] [--exhaustive] [--json]

      Lives through simulated worlds, each of which follows from its seed: the engine, its cache
      device, its backing device and time in one thread, with power cuts, kills and faults.

        --seed S       the world of this seed; with --minutes, the first of many
        --minutes M    for so long; without it, and without --seed, for one minute
        --exhaustive   short histories, and every crash that can happen to them
        --json         the report as JSON

      Exit code 0: no promise was broken. 1: one was; its world is shown, with how to repeat it.\
      """;

  private static final class Parsed {
    private boolean hasSeed;
    private long seed = new SecureRandom().nextInt(Integer.MAX_VALUE);
    private OptionalDouble minutes = OptionalDouble.empty();
    private boolean exhaustive;
    private boolean json;
  }

  /**
   * Reads the arguments.
   *
   * @throws IllegalArgumentException where they make no sense, with a message for people
   */
  static CommandLine parse(String[] args) {
    Parsed parsed = new Parsed();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--seed" -> {
          parsed.hasSeed = true;
          parsed.seed = number(args, ++i, "--seed", Long::decode);
        }
        case "--minutes" -> parsed.minutes = minutes(args, ++i);
        case "--exhaustive" -> parsed.exhaustive = true;
        case "--json" -> parsed.json = true;
        default -> throw new IllegalArgumentException(args[i] + ": no such option");
      }
    }
    OptionalDouble minutes =
        parsed.hasSeed || parsed.minutes.isPresent() ? parsed.minutes : OptionalDouble.of(1);
    return new CommandLine(parsed.seed, minutes, parsed.exhaustive, parsed.json);
  }

  private static OptionalDouble minutes(String[] args, int at) {
    double minutes = number(args, at, "--minutes", Double::valueOf);
    if (minutes <= 0) {
      throw new IllegalArgumentException("--minutes " + args[at] + ": more than 0 expected");
    }
    return OptionalDouble.of(minutes);
  }

  private static <T> T number(String[] args, int at, String option, Function<String, T> reader) {
    if (at == args.length) {
      throw new IllegalArgumentException(option + ": a number expected after it");
    }
    try {
      return reader.apply(args[at]);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(option + " " + args[at] + ": a number expected", e);
    }
  }
}
