package io.pcache.media;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this virtual machine can write cache lines back, as {@link DaxMedia} needs it.
 *
 * <p>HotSpot generates the code for that together with what its C2 compiler needs, by default in
 * C2's own thread. Where the code is not there, yet or at all, writing back does not throw: the
 * virtual machine jumps to address 0 and dies. So nothing is tried here. The virtual machine is
 * asked, C2 is waited for, and what cannot be found out counts as an obstacle.
 */
final class CacheLineWriteback {
  private static final Logger LOG = LoggerFactory.getLogger(CacheLineWriteback.class);
  private static final String FULL_OPTIMIZATION = "4";
  private static final long BOUND_SECONDS = 10;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Often enough for C2 to take notice of what is called. */
  private static final int WARM_UP_CALLS = 20_000;

  /** Takes results, so that no compiler leaves the work out. */
  private static volatile int sink;

  private CacheLineWriteback() {}

  /** One answer for the life of the process: neither its options nor its modules change. */
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
   * Why cache lines cannot be written back in this process, for people; nothing where they can. The
   * first call may take some seconds, in which C2 starts.
   */
  static Optional<String> obstacle() {
    return ThisProcess.OBSTACLE;
  }

  static Optional<String> obstacle(CompilerFacts facts, Clock clock) {
    Optional<String> whyNoC2 = whyNoC2(facts);
    if (whyNoC2.isPresent()) {
      return Optional.of("this virtual machine has no C2 compiler: " + whyNoC2.get());
    }
    // Says so only where diagnostic options are unlocked.
    boolean generatedBeforeMain =
        facts.option("DelayCompilerStubsGeneration").equals(Optional.of("false"));
    if (generatedBeforeMain || waitForC2(facts, clock)) {
      return Optional.empty();
    }
    return Optional.of(
        "C2, which brings what it takes, has not started in " + BOUND_SECONDS + " s");
  }

  /** Each way to do without C2 shows in another option. */
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

  /** C2 generates the code before it compiles anything. */
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
