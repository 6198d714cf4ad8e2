package io.pcache.nbd;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

final class RequiresToolCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    List<String> missing =
        AnnotationSupport.findAnnotation(context.getElement(), RequiresTool.class).stream()
            .flatMap(annotation -> Arrays.stream(annotation.value()))
            .filter(tool -> !isInstalled(tool))
            .toList();
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("every tool is installed");
    }
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError("not installed: " + missing);
    }
    return ConditionEvaluationResult.disabled("not installed: " + missing);
  }

  private static boolean isInstalled(String tool) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }
}
