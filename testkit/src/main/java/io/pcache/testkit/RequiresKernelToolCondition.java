package io.pcache.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Looks for the kernel runner and its emulator. */
final class RequiresKernelToolCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return evaluate(KernelTool.location());
  }

  static ConditionEvaluationResult evaluate(Path script) {
    if (Files.isExecutable(script)) {
      return RequiresToolCondition.evaluate(KernelTool.EMULATOR);
    }
    String reason = "no kernel runner at " + script + "; interop/README.md says how to get one";
    return Files.isDirectory(script.resolveSibling("..").normalize())
        ? ContinuousIntegration.missing(reason)
        : ConditionEvaluationResult.disabled(reason);
  }
}
