package io.pcache.stress;

import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Has Lincheck try the interleavings of a few operations on an object: what they answer has to be
 * what they would answer one after the other in some order.
 */
public final class Interleavings {
  /** {@code -Dpcache.stress.scenarios=N} tries more combinations of operations. */
  private static final int SCENARIOS = Integer.getInteger("pcache.stress.scenarios", 6);

  private static final int INTERLEAVINGS_OF_EACH = 60;

  private Interleavings() {}

  /**
   * Tries a class of operations.
   *
   * @param operations the class, with Lincheck's annotations
   * @param steps classes whose methods are taken for one step each; what they do inside is not at
   *     stake, and following it takes long
   * @throws AssertionError with the interleaving that is wrong or never ends
   */
  public static void tryAll(Class<?> operations, Class<?>... steps) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .threads(2)
            .actorsBefore(0)
            .actorsPerThread(2)
            .actorsAfter(1)
            .iterations(SCENARIOS)
            .invocationsPerIteration(INTERLEAVINGS_OF_EACH)
            .minimizeFailedScenario(false);
    for (Class<?> step : steps) {
      options.addGuarantee(oneStep(step.getName()));
    }
    options.check(operations);
  }

  private static ManagedStrategyGuarantee oneStep(String className) {
    return ManagedStrategyGuaranteeKt.forClasses(className).allMethods().treatAsAtomic();
  }
}
