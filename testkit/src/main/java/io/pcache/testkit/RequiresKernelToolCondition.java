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
    return evaluate(KernelTool.kernelFolder());
  }

  static ConditionEvaluationResult evaluate(Path kernelFolder) {
    if (Files.isReadable(kernelFolder.resolve(KernelTool.KERNEL))) {
      return RequiresToolCondition.evaluate(KernelTool.EMULATOR);
    }
    String reason =
        "no kernel with dm-pcache in " + kernelFolder + "; interop/README.md says how to get one";
    return Files.isDirectory(kernelFolder.resolve("..").normalize())
        ? ContinuousIntegration.missing(reason)
        : ConditionEvaluationResult.disabled(reason);
  }
}
