package io.pcache.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Times per operation, each also in units of the bare copy's time. Not thread-safe. */
final class RatioTable {
  private static final String LINE = "%-64s %10s %10s %8s%n";

  private final String limit;
  private final List<Row> rows = new ArrayList<>();

  private record Row(String name, double nanos, double errorNanos) {}

  /**
   * Creates an empty table.
   *
   * @param limit the name of the row that all others are compared with
   */
  RatioTable(String limit) {
    this.limit = limit;
  }

  /**
   * Adds a row.
   *
   * @param errorNanos half of the confidence interval; NaN where there are too few measurements
   */
  void add(String name, double nanos, double errorNanos) {
    rows.add(new Row(name, nanos, errorNanos));
  }

  /** The table as lines of text. Without the limit's row there are no ratios. */
  String format() {
    double limitNanos =
        rows.stream()
            .filter(row -> row.name().equals(limit))
            .mapToDouble(Row::nanos)
            .findFirst()
            .orElse(Double.NaN);
    StringBuilder text = new StringBuilder();
    text.append(LINE.formatted("benchmark", "ns/op", "±", "× copy"));
    for (Row row : rows) {
      text.append(
          LINE.formatted(
              row.name(),
              number("%.1f", row.nanos()),
              number("%.1f", row.errorNanos()),
              number("%.2f", row.nanos() / limitNanos)));
    }
    return text.toString();
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }
}
