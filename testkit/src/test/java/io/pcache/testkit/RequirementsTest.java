package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RequirementsTest {
  private static final String NO_PROGRAM = "no-such-program-anywhere";
  private static final String NO_FILE = "no/such/file";

  @Test
  void whatIsThereEnablesTheTest() {
    assertThat(RequiresToolCondition.evaluate("sh").isDisabled()).isFalse();
    assertThat(RequiresFileCondition.evaluate("pom.xml", "/dev/null").isDisabled()).isFalse();
  }

  @Test
  void whatIsMissingIsNamedAndInContinuousIntegrationFails() {
    if ("true".equals(System.getenv("CI"))) {
      assertThatThrownBy(() -> RequiresToolCondition.evaluate(NO_PROGRAM))
          .hasMessageContaining(NO_PROGRAM);
      assertThatThrownBy(() -> RequiresFileCondition.evaluate(NO_FILE))
          .hasMessageContaining(NO_FILE);
    } else {
      assertThat(RequiresToolCondition.evaluate("sh", NO_PROGRAM).getReason())
          .hasValue("missing programs: " + NO_PROGRAM);
      assertThat(RequiresFileCondition.evaluate("pom.xml", NO_FILE).getReason())
          .hasValueSatisfying(reason -> assertThat(reason).endsWith(": " + NO_FILE));
    }
  }

  @Test
  void theRepositoryHoldsItsModules() {
    assertThat(Repository.root().resolve("testkit/pom.xml")).exists();
    assertThat(Repository.currentModule()).isEqualTo("testkit");
  }
}
