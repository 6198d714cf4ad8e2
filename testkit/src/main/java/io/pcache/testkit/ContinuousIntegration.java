package io.pcache.testkit;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;

/**
 * What continuous integration (environment {@code CI=true}) makes stricter: there a test whose
 * means are missing fails instead of being skipped, so that a suite never gets thinner unseen.
 */
final class ContinuousIntegration {
  private ContinuousIntegration() {}

  static boolean active() {
    return Boolean.parseBoolean(System.getenv("CI"));
  }

  /** The answer of a condition that is not met. */
  static ConditionEvaluationResult missing(String reason) {
    if (active()) {
      throw new IllegalStateException(reason + "; with CI=true no test may be skipped for that");
    }
    return ConditionEvaluationResult.disabled(reason);
  }
}
