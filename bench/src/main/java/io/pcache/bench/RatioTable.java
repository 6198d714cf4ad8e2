package io.pcache.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Times per operation, each also in units of the bare copy's time. Not thread-safe. */
final class RatioTable {
  private static final String LINE = "%-70s %10s %10s %8s%n";

  private final List<Row> rows = new ArrayList<>();

  private record Row(String name, String limit, double nanos, double errorNanos) {}

  /**
   * Adds a row.
   *
   * @param limit the row's name that this one is compared with; may be its own
   * @param errorNanos half of the confidence interval; NaN where there are too few measurements
   */
  void add(String name, String limit, double nanos, double errorNanos) {
    rows.add(new Row(name, limit, nanos, errorNanos));
  }

  /** The table as lines of text. A row whose limit was not added has no ratio. */
  String format() {
    StringBuilder text = new StringBuilder();
    text.append(LINE.formatted("benchmark", "ns/op", "±", "× copy"));
    for (Row row : rows) {
      text.append(
          LINE.formatted(
              row.name(),
              number("%.1f", row.nanos()),
              number("%.1f", row.errorNanos()),
              number("%.2f", row.nanos() / nanosOf(row.limit()))));
    }
    return text.toString();
  }

  private double nanosOf(String name) {
    return rows.stream()
        .filter(row -> row.name().equals(name))
        .mapToDouble(Row::nanos)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }
}
