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
import java.util.stream.Stream;

/**
 * A deliberate fault in the engine, as changes of its sources, which are named by class and method:
 * wherever a file is moved, its changes go with it. The form of the file:
 *
 * <pre>
 *   what is broken, in one line
 *   world 18, which shows it (this line may be missing)
 *   more about it, if need be
 *   === Segments#takeForData
 *   lines of that method to be replaced, which occur exactly once in it
 *   === by
 *   lines in their place
 *   === end
 *   === add to Segments
 *   members to be added to the class
 *   === end
 * </pre>
 *
 * <p>A class that the patched one does not import is written as {@code @MediaKind@}.
 *
 * @param title what is broken
 * @param world a world that is known to show it, or 1
 * @param changes in order
 */
record SourcePatch(String title, long world, List<Change> changes) {
  private static final String MARK = "=== ";
  private static final String ADD = "add to ";
  private static final Pattern CLASS = Pattern.compile("@(\\w+)@");
  private static final Pattern WORLD = Pattern.compile("world (\\d+)");

  /**
   * Lines of a method, and what takes their place.
   *
   * @param type the simple name of the class that its file is named by
   * @param method the method, or empty where members are added to the class
   * @param before empty where members are added
   */
  record Change(String type, String method, String before, String after) {}

  static SourcePatch read(Path patch) throws IOException {
    List<String> lines = Files.readAllLines(patch);
    List<Change> changes = new ArrayList<>();
    String target = "";
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
        changes.add(change(target, before, text.toString()));
        before = "";
      } else {
        target = mark;
      }
      text.setLength(0);
    }
    if (changes.isEmpty() || !lines.getLast().equals(MARK + "end")) {
      throw new AssertionError(
          patch + ": each change ends with '" + MARK + "end', and there is one");
    }
    Matcher world = WORLD.matcher(lines.get(1));
    return new SourcePatch(
        lines.getFirst(),
        world.lookingAt() ? Long.parseLong(world.group(1)) : 1,
        List.copyOf(changes));
  }

  private static Change change(String target, String before, String after) {
    if (target.startsWith(ADD)) {
      return new Change(target.substring(ADD.length()), "", "", after);
    }
    int hash = target.indexOf('#');
    return new Change(target.substring(0, hash), target.substring(hash + 1), before, after);
  }

  /**
   * The patched sources by file name.
   *
   * @param sources the folder {@code io/pcache} of the engine
   */
  Map<String, String> apply(Path sources) throws IOException {
    Map<String, String> patched = new LinkedHashMap<>();
    for (Change change : changes) {
      String file = fileOf(change.type, sources);
      String text = patched.get(file);
      if (text == null) {
        text = Files.readString(sources.resolve(file));
      }
      Change named = nameClasses(change, sources);
      patched.put(file, named.method.isEmpty() ? addTo(text, named) : replaceIn(text, named));
    }
    return patched;
  }

  private Change nameClasses(Change change, Path sources) throws IOException {
    StringBuilder after = new StringBuilder();
    Matcher type = CLASS.matcher(change.after);
    while (type.find()) {
      String file = fileOf(type.group(1), sources);
      String path = file.substring(0, file.length() - ".java".length());
      type.appendReplacement(after, "io.pcache." + path.replace('/', '.'));
    }
    type.appendTail(after);
    return new Change(change.type, change.method, change.before, after.toString());
  }

  private String fileOf(String type, Path sources) throws IOException {
    try (Stream<Path> files = Files.walk(sources)) {
      List<String> found =
          files
              .filter(file -> file.endsWith(type + ".java"))
              .map(file -> sources.relativize(file).toString())
              .toList();
      if (found.size() != 1) {
        throw new AssertionError("%s: one class %s expected: %s".formatted(title, type, found));
      }
      return found.getFirst();
    }
  }

  private static String addTo(String text, Change change) {
    int end = text.lastIndexOf('}');
    return text.substring(0, end) + change.after + text.substring(end);
  }

  private String replaceIn(String text, Change change) {
    List<Integer> places =
        SourceMethods.named(change.method, text).stream()
            .flatMap(method -> placesOf(change.before, text, method).stream())
            .toList();
    if (places.size() != 1) {
      throw new AssertionError(
          "%s: these lines have to occur exactly once in %s#%s, and occur %d times:%n%s"
              .formatted(title, change.type, change.method, places.size(), change.before));
    }
    int at = places.getFirst();
    return text.substring(0, at) + change.after + text.substring(at + change.before.length());
  }

  /** Whole lines: the first of them may begin before the method, and the last end behind it. */
  private static List<Integer> placesOf(String lines, String text, SourceMethods.Range method) {
    List<Integer> places = new ArrayList<>();
    int from = text.lastIndexOf('\n', method.from()) + 1;
    for (int at = text.indexOf(lines, from);
        at >= 0 && at + lines.length() <= method.to() + 1;
        at = text.indexOf(lines, at + 1)) {
      places.add(at);
    }
    return places;
  }
}
