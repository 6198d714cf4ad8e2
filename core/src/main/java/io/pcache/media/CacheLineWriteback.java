package io.pcache.media;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether this virtual machine can write back cache lines, which {@link DaxMedia}
 * requires.
 *
 * <p>HotSpot generates that code together with the stubs of its C2 compiler, by default in C2's own
 * thread. Without the code, a write-back does not throw: the virtual machine jumps to address 0 and
 * crashes. So this class never tries one. It queries the virtual machine and waits for C2. If it
 * cannot find something out, it counts that as an obstacle.
 */
final class CacheLineWriteback {
  private static final Logger LOG = LoggerFactory.getLogger(CacheLineWriteback.class);
  private static final String FULL_OPTIMIZATION = "4";
  private static final long BOUND_SECONDS = 10;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Enough calls for C2 to compile the method. */
  private static final int WARM_UP_CALLS = 20_000;

  /** Consumes results, so that no compiler eliminates the work. */
  private static volatile int sink;

  private CacheLineWriteback() {}

  /** The answer holds for the life of the process, because neither options nor modules change. */
  private static final class ThisProcess {
    static final Optional<String> OBSTACLE = ask();

    private static Optional<String> ask() {
      if (ModuleLayer.boot().findModule(HotSpotCompilers.MODULE).isEmpty()) {
        return Optional.of(
            "this Java runtime lacks the module "
                + HotSpotCompilers.MODULE
                + ", without which nobody can tell whether its virtual machine has a C2 compiler");
      }
      try {
        return obstacle(new HotSpotCompilers(), SystemClock.INSTANCE);
      } catch (RuntimeException e) {
        LOG.debug("asking for C2", e);
        return Optional.of("nobody can tell whether C2 runs in this virtual machine: " + e);
      }
    }
  }

  /**
   * Returns why cache lines cannot be written back in this process, as text for the operator, or
   * empty if they can. The first call may take up to ten seconds, while C2 starts.
   */
  static Optional<String> obstacle() {
    return ThisProcess.OBSTACLE;
  }

  static Optional<String> obstacle(CompilerFacts facts, Clock clock) {
    Optional<String> whyNoC2 = whyNoC2(facts);
    if (whyNoC2.isPresent()) {
      return Optional.of("this virtual machine has no C2 compiler: " + whyNoC2.get());
    }
    // The option is visible only if diagnostic options are unlocked.
    boolean generatedBeforeMain =
        facts.option("DelayCompilerStubsGeneration").equals(Optional.of("false"));
    if (generatedBeforeMain || waitForC2(facts, clock)) {
      return Optional.empty();
    }
    return Optional.of(
        "C2, which brings what it takes, has not started in " + BOUND_SECONDS + " s");
  }

  /** Checks every option that can disable C2. */
  private static Optional<String> whyNoC2(CompilerFacts facts) {
    if (!facts.virtualMachine().contains("Server VM")) {
      return Optional.of("it is " + facts.virtualMachine());
    }
    if (!facts.option("UseCompiler").equals(Optional.of("true"))) {
      return Optional.of("it does not compile");
    }
    String stopAtLevel = facts.option("TieredStopAtLevel").orElse("unknown");
    if (!stopAtLevel.equals(FULL_OPTIMIZATION)) {
      return Optional.of("TieredStopAtLevel is " + stopAtLevel);
    }
    if (facts.option("CompilationMode").equals(Optional.of("quick-only"))) {
      return Optional.of("CompilationMode is quick-only");
    }
    if (facts.option("UseJVMCICompiler").equals(Optional.of("true"))) {
      return Optional.of("UseJVMCICompiler is on");
    }
    return Optional.empty();
  }

  /**
   * Waits for the first method that C2 compiles. C2 generates the code before it compiles anything.
   */
  private static boolean waitForC2(CompilerFacts facts, Clock clock) {
    if (facts.hasCompiledWithC2()) {
      return true;
    }
    LOG.info("waiting for C2 to start, {} s at most", BOUND_SECONDS);
    long start = clock.nanoTime();
    while (clock.nanoTime() - start < TimeUnit.SECONDS.toNanos(BOUND_SECONDS)) {
      giveC2Work();
      clock.pause(PAUSE_NANOS);
      if (facts.hasCompiledWithC2()) {
        return true;
      }
    }
    return false;
  }

  private static void giveC2Work() {
    int value = sink;
    for (int i = 0; i < WARM_UP_CALLS; i++) {
      value = mix(value, i);
    }
    sink = value;
  }

  private static int mix(int value, int with) {
    return (value ^ with) * 31 + (value >>> 7);
  }
}
