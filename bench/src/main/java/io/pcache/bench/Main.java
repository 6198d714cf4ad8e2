package io.pcache.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks and prints each result next to the bare copy's. Takes JMH's own arguments;
 * what they leave open is chosen so that the whole suite takes about two minutes.
 */
public final class Main {
  private static final int FORKS = 1;
  private static final int WARMUP_ITERATIONS = 3;
  private static final int MEASUREMENT_ITERATIONS = 5;
  private static final TimeValue ITERATION_TIME = TimeValue.seconds(1);
  private static final String COPY = "BareCopyBenchmark.append";
  private static final String COPY_OUT = "BareCopyBenchmark.copyOut";

  /** What is compared with a copy out; everything else is compared with a copy in. */
  private static final Set<String> READS = Set.of(COPY_OUT, "EngineBenchmark.randomRead");

  private Main() {}

  /** Runs what the arguments select. */
  public static void main(String[] args)
      throws CommandLineOptionException, IOException, RunnerException {
    CommandLineOptions given = new CommandLineOptions(args);
    Runner runner = new Runner(withDefaults(given));
    if (given.shouldHelp()) {
      given.showHelp();
    } else if (given.shouldList()) {
      runner.list();
    } else {
      String table = tableOf(runner.run());
      System.out.printf("%nFiles in %s.%n%n%s", BenchmarkFolder.place(), table);
    }
  }

  private static Options withDefaults(CommandLineOptions given) {
    return new OptionsBuilder()
        .parent(given)
        .forks(given.getForkCount().orElse(FORKS))
        .warmupIterations(given.getWarmupIterations().orElse(WARMUP_ITERATIONS))
        .warmupTime(given.getWarmupTime().orElse(ITERATION_TIME))
        .measurementIterations(given.getMeasurementIterations().orElse(MEASUREMENT_ITERATIONS))
        .measurementTime(given.getMeasurementTime().orElse(ITERATION_TIME))
        .shouldFailOnError(true)
        .build();
  }

  private static String tableOf(Collection<RunResult> results) {
    RatioTable table = new RatioTable();
    Set<String> varied = variedParameters(results);
    for (RunResult result : results) {
      Result<?> primary = result.getPrimaryResult();
      String name = simpleName(result.getParams());
      boolean isLimit = name.equals(COPY) || name.equals(COPY_OUT);
      table.add(
          isLimit ? name : name + values(result.getParams(), varied),
          READS.contains(name) ? COPY_OUT : COPY,
          primary.getScore(),
          primary.getScoreError());
    }
    return table.format();
  }

  /** Class and method. */
  private static String simpleName(BenchmarkParams params) {
    String[] path = params.getBenchmark().split("\\.", -1);
    return path[path.length - 2] + "." + path[path.length - 1];
  }

  /** Those that have several values in this run; what is always the same tells nothing apart. */
  private static Set<String> variedParameters(Collection<RunResult> results) {
    Map<String, Set<String>> values = new TreeMap<>();
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      for (String key : params.getParamsKeys()) {
        values.computeIfAbsent(key, unused -> new TreeSet<>()).add(params.getParam(key));
      }
    }
    values.values().removeIf(several -> several.size() == 1);
    return values.keySet();
  }

  private static String values(BenchmarkParams params, Set<String> varied) {
    return params.getParamsKeys().stream()
        .filter(varied::contains)
        .map(key -> " " + key + "=" + params.getParam(key))
        .collect(Collectors.joining());
  }
}
