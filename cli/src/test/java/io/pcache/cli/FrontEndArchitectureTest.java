package io.pcache.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps the front ends on the engine's outside: they know a block device, not how it caches. */
class FrontEndArchitectureTest {
  private static final String COMMAND = "io.pcache.cli";

  /** The packages of all front ends, one module each. */
  private static final List<String> SERVERS = List.of("io.pcache.nbd");

  private static final List<String> BLOCK_DEVICE =
      List.of("io.pcache.agent", "io.pcache.block", "io.pcache.error");

  private static final JavaClasses FRONT_ENDS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(concat(SERVERS, List.of(COMMAND)));

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

  static List<String> servers() {
    return SERVERS;
  }

  @ParameterizedTest
  @MethodSource("servers")
  void aServerKnowsABlockDeviceAlone(String server) {
    checkKnowsOnly(server, concat(BLOCK_DEVICE, List.of(server + "..")));
  }

  @Test
  void theCommandKnowsPcacheAndTheServers() {
    List<String> own = List.of("io.pcache", COMMAND + "..");
    List<String> servers = SERVERS.stream().map(server -> server + "..").toList();
    checkKnowsOnly(COMMAND, concat(BLOCK_DEVICE, concat(own, servers)));
  }

  private static void checkKnowsOnly(String who, List<String> packages) {
    noClasses()
        .that()
        .resideInAPackage(who + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.pcache..")
                .and(not(resideInAnyPackage(packages.toArray(String[]::new)))))
        .check(FRONT_ENDS);
  }

  private static List<String> concat(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  @Test
  void noClassesUseEachOtherInACircle() {
    slices().assignedFrom(BY_TOP_LEVEL_CLASS).should().beFreeOfCycles().check(FRONT_ENDS);
  }
}
