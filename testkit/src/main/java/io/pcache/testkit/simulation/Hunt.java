package io.pcache.testkit.simulation;

import java.util.Optional;
import java.util.function.LongFunction;

/**
 * Lives through one world and says in plain text what was wrong: for a test whose engine, and with
 * it this class, was loaded by another class loader than the test itself.
 *
 * <p>Thread-safety: none.
 */
public final class Hunt implements LongFunction<String> {
  private final Simulator simulator = new Simulator();

  /** Made by reflection. */
  public Hunt() {}

  /**
   * Lives through the world of a seed.
   *
   * @param seed the seed; where it is negative, a short history, exhaustively, of its opposite
   * @return what was wrong, empty where nothing was
   * @throws LinkageError where a class of the engine is missing
   */
  @Override
  public String apply(long seed) {
    Optional<Simulator.Failure> failure =
        seed < 0 ? simulator.runExhaustively(-seed) : simulator.run(seed);
    return failure.map(Hunt::describe).orElse("");
  }

  private static String describe(Simulator.Failure failure) {
    // The engine did not even run: that says nothing about its fault.
    if (failure.cause() instanceof LinkageError error) {
      throw error;
    }
    return String.valueOf(failure.cause());
  }
}
