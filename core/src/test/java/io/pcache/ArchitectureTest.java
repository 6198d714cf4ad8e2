package io.pcache;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Keeps the engine's layers in order, so that each can be read, tested and replaced without those
 * above.
 */
class ArchitectureTest {

  /**
   * Bottom to top. A package may use those before it, never those after it; so there are no cycles.
   */
  static final List<String> PACKAGES_BOTTOM_TO_TOP =
      List.of(
          "io.pcache.error",
          "io.pcache.nativeio",
          "io.pcache.agent",
          "io.pcache.block",
          "io.pcache.media",
          "io.pcache.format",
          "io.pcache.backing",
          "io.pcache.index",
          "io.pcache.log",
          "io.pcache.cache.health",
          "io.pcache.cache.segment",
          "io.pcache.cache.pace",
          "io.pcache.cache.stripe",
          "io.pcache.cache.commit",
          "io.pcache.cache.insert",
          "io.pcache.cache.recovery",
          "io.pcache.cache.repair",
          "io.pcache.cache.damage",
          "io.pcache.cache.destage",
          "io.pcache.cache.request",
          "io.pcache.cache",
          "io.pcache");

  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.pcache");

  @ParameterizedTest
  @FieldSource("PACKAGES_BOTTOM_TO_TOP")
  void importsPointDown(String name) {
    String[] above =
        PACKAGES_BOTTOM_TO_TOP.stream()
            .skip(PACKAGES_BOTTOM_TO_TOP.indexOf(name) + 1L)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(name)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(above)
        .allowEmptyShould(true)
        .check(ENGINE);
  }

  @Test
  void everyPackageHasItsPlaceInTheOrder() {
    assertThat(ENGINE.stream().map(JavaClass::getPackageName).distinct())
        .isNotEmpty()
        .isSubsetOf(PACKAGES_BOTTOM_TO_TOP);
  }

  /** A class with those nested in it. */
  private static final SliceAssignment BY_TOP_LEVEL_CLASS =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass nested) {
          JavaClass top = nested;
          while (top.getEnclosingClass().isPresent()) {
            top = top.getEnclosingClass().get();
          }
          return SliceIdentifier.of(top.getName());
        }

        @Override
        public String getDescription() {
          return "each top-level class";
        }
      };

  @Test
  void noClassesUseEachOtherInACircle() {
    slices().assignedFrom(BY_TOP_LEVEL_CLASS).should().beFreeOfCycles().check(ENGINE);
  }

  @Test
  void theOrderNamesEachPackageOnce() {
    assertThat(PACKAGES_BOTTOM_TO_TOP).doesNotHaveDuplicates();
  }

  @Test
  void theEngineNeedsNothingButTheJdkAndALoggingInterface() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "io.pcache..",
            "java..",
            "javax.management..",
            "jdk..",
            "com.sun.management..",
            "org.slf4j",
            "org.jspecify..")
        .check(ENGINE);
  }
}
