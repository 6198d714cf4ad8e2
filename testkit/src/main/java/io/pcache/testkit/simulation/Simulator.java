package io.pcache.testkit.simulation;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Lives through worlds, each of which follows from its seed alone.
 *
 * <p>Thread-safety: none.
 */
public final class Simulator {
  private final Statistics statistics = new Statistics();

  /** A simulator that has done nothing yet. */
  public Simulator() {}

  /** What was tried so far. */
  public Statistics statistics() {
    return statistics;
  }

  /** How a world came to its end before its time. */
  public record Failure(long seed, String settings, Throwable cause, List<String> trace) {
    /** Keeps an unmodifiable copy of the trace. */
    public Failure {
      trace = List.copyOf(trace);
    }
  }

  /** Lives through the world of a seed. Returns what was wrong, if anything was. */
  public Optional<Failure> run(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return live(seed, random, Settings.draw(random));
  }

  /** The same for a short history of the seed, with every crash that can happen to it. */
  public Optional<Failure> runExhaustively(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return live(seed, random, Settings.draw(random).exhaustively());
  }

  private Optional<Failure> live(long seed, SplittableRandom random, Settings settings) {
    Trace trace = new Trace();
    statistics.worlds++;
    try {
      new World(random, settings, statistics, trace).run();
      return Optional.empty();
    } catch (VirtualMachineError e) {
      throw e; // says something about this machine, nothing about the engine
    } catch (RuntimeException | Error e) {
      return Optional.of(new Failure(seed, settings.describe(), first(e), trace.lines()));
    }
  }

  /** What was judged wrong first; on its way up the engine may have made something else of it. */
  private static Throwable first(Throwable thrown) {
    Throwable first = thrown;
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof BrokenPromise) {
        first = cause;
      }
    }
    return first;
  }
}
