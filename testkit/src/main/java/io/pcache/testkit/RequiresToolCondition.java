package io.pcache.testkit;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Looks for the programs of a {@link RequiresTool}. */
final class RequiresToolCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getElement(), RequiresTool.class)
        .map(required -> evaluate(required.value()))
        .orElseGet(() -> ConditionEvaluationResult.enabled("no program required"));
  }

  static ConditionEvaluationResult evaluate(String... names) {
    List<String> missing = Arrays.stream(names).filter(name -> Tool.find(name).isEmpty()).toList();
    return missing.isEmpty()
        ? ConditionEvaluationResult.enabled("every required program is there")
        : ContinuousIntegration.missing("missing programs: " + String.join(", ", missing));
  }
}
