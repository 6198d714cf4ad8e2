package io.pcache.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs for an instant, so that none of them rots between measurements. */
class BenchmarksRunTest {
  private static final List<Class<?>> WITH_BENCHMARKS =
      List.of(
          BareCopyBenchmark.class,
          ChecksumBenchmark.class,
          ExtentIndexBenchmark.class,
          StageBenchmark.class,
          LogAppendBenchmark.class,
          LogWalkBenchmark.class,
          TwoSlotBenchmark.class,
          EngineBenchmark.class,
          EngineBurstBenchmark.class);

  static Set<BenchmarkListEntry> benchmarks() {
    return BenchmarkList.defaultList()
        .getAll(
            OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of());
  }

  private static Stream<String> benchmarkMethods(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Benchmark.class))
        .map(method -> type.getName() + "." + method.getName());
  }

  @Test
  void theRunnerKnowsEveryBenchmark() {
    assertThat(benchmarks())
        .extracting(BenchmarkListEntry::getUsername)
        .containsExactlyInAnyOrderElementsOf(
            WITH_BENCHMARKS.stream().flatMap(BenchmarksRunTest::benchmarkMethods).toList());
  }

  @ParameterizedTest
  @MethodSource("benchmarks")
  void aBenchmarkRunsToItsEndWithOneThreadAndWithTwo(BenchmarkListEntry benchmark)
      throws RunnerException {
    for (int threads = 1; threads <= 2; threads++) {
      assertThat(new Runner(anInstantOf(benchmark.getUsername(), threads)).run())
          .isNotEmpty()
          .extracting(RunResult::getPrimaryResult)
          .allSatisfy(result -> assertThat(result.getScore()).isPositive());
    }
  }

  private static Options anInstantOf(String benchmark, int threads) {
    return new OptionsBuilder()
        .include("^" + Pattern.quote(benchmark) + "$")
        .mode(Mode.SingleShotTime)
        .forks(0)
        .threads(threads)
        .warmupIterations(0)
        .measurementIterations(1)
        .param("extents", "4096")
        .param("targetMebibytes", "4")
        .param("workingSetMebibytes", "4")
        .param("cacheMebibytes", "512")
        .param("blockBytes", "512")
        .shouldFailOnError(true)
        .shouldDoGC(false)
        .verbosity(VerboseMode.SILENT)
        .build();
  }
}
