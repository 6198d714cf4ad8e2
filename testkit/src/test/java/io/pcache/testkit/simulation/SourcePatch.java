package io.pcache.testkit.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A deliberate fault in the engine, as replacements in its sources. The form of the file:
 *
 * <pre>
 *   what is broken, in one line
 *   world 18, which shows it (this line may be missing)
 *   more about it, if need be
 *   === cache/Segments.java
 *   lines to be replaced, which occur exactly once
 *   === by
 *   lines in their place
 *   === end
 * </pre>
 *
 * @param title what is broken
 * @param world a world that is known to show it, or 1
 * @param replacements in order
 */
record SourcePatch(String title, long world, List<Replacement> replacements) {
  private static final String MARK = "=== ";
  private static final Pattern WORLD = Pattern.compile("world (\\d+)");

  /** Lines of a file, below {@code io/pcache}, and what takes their place. */
  record Replacement(String file, String before, String after) {}

  static SourcePatch read(Path patch) throws IOException {
    List<String> lines = Files.readAllLines(patch);
    List<Replacement> replacements = new ArrayList<>();
    String file = "";
    String before = "";
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      if (!line.startsWith(MARK)) {
        text.append(line).append('\n');
        continue;
      }
      String mark = line.substring(MARK.length());
      if (mark.equals("by")) {
        before = text.toString();
      } else if (mark.equals("end")) {
        replacements.add(new Replacement(file, before, text.toString()));
      } else {
        file = mark;
      }
      text.setLength(0);
    }
    Matcher world = WORLD.matcher(lines.get(1));
    return new SourcePatch(
        lines.getFirst(),
        world.lookingAt() ? Long.parseLong(world.group(1)) : 1,
        List.copyOf(replacements));
  }

  /**
   * The patched sources by file name.
   *
   * @param sources the folder {@code io/pcache} of the engine
   */
  Map<String, String> apply(Path sources) throws IOException {
    Map<String, String> patched = new LinkedHashMap<>();
    for (Replacement replacement : replacements) {
      String file = replacement.file();
      String text = patched.get(file);
      if (text == null) {
        text = Files.readString(sources.resolve(file));
      }
      int first = text.indexOf(replacement.before());
      if (first < 0 || text.indexOf(replacement.before(), first + 1) >= 0) {
        throw new AssertionError(
            "%s: these lines have to occur exactly once in %s:%n%s"
                .formatted(title, file, replacement.before()));
      }
      patched.put(file, text.replace(replacement.before(), replacement.after()));
    }
    return patched;
  }
}
