package io.pcache.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Keeps the front ends on the engine's outside: they know a block device, not how it caches. */
class FrontEndArchitectureTest {
  private static final int MAX_PARAMETERS = 8;
  private static final JavaClasses FRONT_ENDS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.pcache.nbd", "io.pcache.cli");

  @Test
  void frontEndsKnowBlockDevicesNotCaches() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.pcache..")
                .and(
                    not(
                        resideInAnyPackage(
                            "io.pcache",
                            "io.pcache.agent",
                            "io.pcache.block",
                            "io.pcache.error",
                            "io.pcache.nbd..",
                            "io.pcache.cli.."))))
        .check(FRONT_ENDS);
  }

  @Test
  void noConstructorHasMoreThanEightParameters() {
    assertThat(
            FRONT_ENDS.stream()
                .filter(type -> !type.isRecord())
                .flatMap(type -> type.getConstructors().stream())
                .filter(made -> made.getRawParameterTypes().size() > MAX_PARAMETERS)
                .map(JavaConstructor::getFullName))
        .isEmpty();
  }

  @Test
  void theServerDoesNotKnowTheCommand() {
    noClasses()
        .that()
        .resideInAPackage("io.pcache.nbd..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.pcache.cli..")
        .allowEmptyShould(true)
        .check(FRONT_ENDS);
  }
}
