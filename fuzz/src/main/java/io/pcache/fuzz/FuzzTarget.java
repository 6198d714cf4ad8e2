package io.pcache.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What can be fuzzed; the name in lower case is the folder of its corpus. */
public enum FuzzTarget {
  /** Records outside the log. */
  RECORDS(RecordsFuzz.class, 1100, Tracing.COMPARISONS),
  /** A key set. */
  KEYSET(KeySetFuzz.class, 6000, Tracing.COMPARISONS),
  /** A whole cache, opened, used and repaired. */
  RECOVERY(RecoveryFuzz.class, 1000, Tracing.BRANCHES),
  /** A client of the NBD server. */
  NBD(NbdFuzz.class, 2000, Tracing.COMPARISONS);

  private final Class<?> harness;
  private final int maxInputBytes;
  private final Tracing tracing;

  /** What Jazzer learns from. */
  enum Tracing {
    /** Which branches are taken. */
    BRANCHES("cov"),
    /** Also what values are compared with. Slow in loops over segments. */
    COMPARISONS("cov:cmp:div:gep:native");

    private final String option;

    Tracing(String option) {
      this.option = option;
    }

    /** As Jazzer's option takes it. */
    String option() {
      return option;
    }
  }

  FuzzTarget(Class<?> harness, int maxInputBytes, Tracing tracing) {
    this.harness = harness;
    this.maxInputBytes = maxInputBytes;
    this.tracing = tracing;
  }

  /** The class that Jazzer runs. */
  Class<?> harness() {
    return harness;
  }

  /** How Jazzer runs it: the longest input that makes sense, and what to learn from. */
  List<String> options() {
    return List.of("-max_len=" + maxInputBytes, "--trace=" + tracing.option());
  }

  /** Carries one input out, in this process and without Jazzer. */
  void run(byte[] input) throws IOException {
    switch (this) {
      case RECORDS -> RecordsFuzz.fuzzerTestOneInput(input);
      case KEYSET -> KeySetFuzz.fuzzerTestOneInput(input);
      case RECOVERY -> RecoveryFuzz.fuzzerTestOneInput(input);
      case NBD -> NbdFuzz.fuzzerTestOneInput(input);
    }
  }

  /** Where its corpus lies below the folder of all. */
  Path corpus(Path all) {
    return all.resolve(name().toLowerCase(Locale.ROOT));
  }
}
