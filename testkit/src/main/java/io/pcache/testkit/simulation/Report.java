package io.pcache.testkit.simulation;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a run did, for people and for programs.
 *
 * @param commandLine what was asked for
 * @param done what was tried
 * @param seconds how long it took
 * @param cpuSeconds how long its one thread was on a processor
 */
record Report(CommandLine commandLine, Statistics done, double seconds, double cpuSeconds) {
  /** One line, for while it goes on. */
  String progress() {
    return "%d s, %,d worlds, %,d crashes recovered from and judged, %,.0f a second"
        .formatted((long) seconds, done.worlds(), done.cycles(), done.cycles() / seconds);
  }

  /** For people. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "no promise was broken in %,d %s from seed %d on, %.0f s%n"
            .formatted(
                done.worlds(),
                commandLine.exhaustive() ? "short histories" : "worlds",
                commandLine.seed(),
                seconds));
    text.append(
        "  crash-and-recover cycles %,12d   %,.0f a second, %,.0f a second of one processor's time%n"
            .formatted(done.cycles(), done.cycles() / seconds, done.cycles() / cpuSeconds));
    line(text, "power cuts", done.powerCuts());
    line(text, "  of them in a recovery", done.nestedCuts());
    line(text, "killed processes", done.kills());
    line(text, "orderly closes", done.closes());
    line(text, "full media checks", done.mediaChecks());
    line(text, "actions", done.actions());
    line(text, "injected faults", done.faults());
    line(text, "combinations of lines", done.combinations());
    line(text, "devices with bit rot", done.rotten());
    return text.toString().stripTrailing();
  }

  private static void line(StringBuilder text, String what, long count) {
    if (count > 0) {
      text.append("  %-24s %,12d%n".formatted(what, count));
    }
  }

  /** For programs. */
  String json(boolean failed) {
    Map<String, Object> fields = new TreeMap<>();
    fields.put("seed", commandLine.seed());
    fields.put("exhaustive", commandLine.exhaustive());
    fields.put("failed", failed);
    fields.put("seconds", Math.round(seconds * 1000) / 1000.0);
    fields.put("cpuSeconds", Math.round(cpuSeconds * 1000) / 1000.0);
    fields.put("worlds", done.worlds());
    fields.put("cycles", done.cycles());
    fields.put("cyclesPerSecond", Math.round(done.cycles() / seconds));
    fields.put("cyclesPerCpuSecond", Math.round(done.cycles() / cpuSeconds));
    fields.put("powerCuts", done.powerCuts());
    fields.put("nestedCuts", done.nestedCuts());
    fields.put("kills", done.kills());
    fields.put("closes", done.closes());
    fields.put("mediaChecks", done.mediaChecks());
    fields.put("actions", done.actions());
    fields.put("faults", done.faults());
    fields.put("combinations", done.combinations());
    fields.put("rotten", done.rotten());
    return fields.entrySet().stream()
        .map(field -> "\"" + field.getKey() + "\": " + field.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }
}
