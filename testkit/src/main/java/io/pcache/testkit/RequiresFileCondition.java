package io.pcache.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Looks for the files of a {@link RequiresFile}. */
final class RequiresFileCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getElement(), RequiresFile.class)
        .map(required -> evaluate(required.value()))
        .orElseGet(() -> ConditionEvaluationResult.enabled("no file required"));
  }

  static ConditionEvaluationResult evaluate(String... paths) {
    List<String> missing =
        Arrays.stream(paths).filter(path -> !usable(Repository.resolve(path))).toList();
    return missing.isEmpty()
        ? ConditionEvaluationResult.enabled("every required file is there")
        : ContinuousIntegration.missing(
            "missing, or not ours to use: " + String.join(", ", missing));
  }

  private static boolean usable(Path path) {
    return Files.isExecutable(path) || Files.isWritable(path);
  }
}
