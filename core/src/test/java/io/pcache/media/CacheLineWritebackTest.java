package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheLineWritebackTest {
  private final FakeFacts facts = new FakeFacts();
  private final FakeClock clock = new FakeClock();

  /** A HotSpot with C2, whose first compilation by C2 is seen after some questions. */
  private static final class FakeFacts implements CompilerFacts {
    final Map<String, String> options =
        new HashMap<>(
            Map.of("UseCompiler", "true", "TieredStopAtLevel", "4", "CompilationMode", "default"));
    String name = "OpenJDK 64-Bit Server VM";
    int questionsUntilCompiled = 1;
    int questions;

    @Override
    public String virtualMachine() {
      return name;
    }

    @Override
    public Optional<String> option(String option) {
      return Optional.ofNullable(options.get(option));
    }

    @Override
    public boolean hasCompiledWithC2() {
      questions++;
      return questions >= questionsUntilCompiled;
    }
  }

  private static final class FakeClock implements Clock {
    long nanos;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public long epochMillis() {
      return 0;
    }

    @Override
    public void pause(long pauseNanos) {
      nanos += pauseNanos;
    }
  }

  private Optional<String> obstacle() {
    return CacheLineWriteback.obstacle(facts, clock);
  }

  @Test
  void nothingStandsAgainstItOnceC2HasCompiledSomething() {
    assertThat(obstacle()).isEmpty();
    assertThat(clock.nanos).isZero();
  }

  @Test
  void c2IsWaitedForWhileItStarts() {
    facts.questionsUntilCompiled = 100;
    assertThat(obstacle()).isEmpty();
    assertThat(facts.questions).isEqualTo(100);
  }

  @Test
  void c2IsNotWaitedForWithoutABound() {
    facts.questionsUntilCompiled = Integer.MAX_VALUE;
    assertThat(obstacle()).hasValueSatisfying(why -> assertThat(why).contains("not started in 10"));
    assertThat(clock.nanos).isEqualTo(TimeUnit.SECONDS.toNanos(10));
  }

  @Test
  void c2IsNotWaitedForWhereTheCodeWasGeneratedBeforeMain() {
    facts.options.put("DelayCompilerStubsGeneration", "false");
    assertThat(obstacle()).isEmpty();
    assertThat(facts.questions).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "UseCompiler, false, it does not compile",
    "UseCompiler, , it does not compile",
    "TieredStopAtLevel, 3, TieredStopAtLevel is 3",
    "TieredStopAtLevel, , TieredStopAtLevel is unknown",
    "CompilationMode, quick-only, CompilationMode is quick-only",
    "UseJVMCICompiler, true, UseJVMCICompiler is on"
  })
  void eachWayToDoWithoutC2IsNamed(String option, String value, String named) {
    facts.options.put(option, value);
    facts.options.put("DelayCompilerStubsGeneration", "false");
    assertThat(obstacle()).contains("this virtual machine has no C2 compiler: " + named);
    assertThat(facts.questions).isZero();
  }

  @Test
  void anotherVirtualMachineIsNotBelievedToHaveC2() {
    facts.name = "OpenJDK 64-Bit Client VM";
    assertThat(obstacle())
        .contains("this virtual machine has no C2 compiler: it is OpenJDK 64-Bit Client VM");
  }
}
