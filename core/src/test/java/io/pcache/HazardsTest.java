package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The table of {@code docs/hazards.md} beside the tests that it names. */
class HazardsTest {
  private static final Pattern ROW = Pattern.compile("\\| (\\d+) \\|[^|]*\\|([^|]*)\\|");
  private static final Pattern TEST = Pattern.compile("`(\\w*)(?:#(\\w+))?`");
  private static final Pattern DISPLAY_NAME =
      Pattern.compile("@DisplayName\\(\\s*\"hazards? ([\\d, ]+):");

  /** What the table calls by words, and the tests that these words stand for. */
  private static final String CRASH_TESTS = "crash tests";

  private static final String NAMES_OF_CRASH_TESTS = "`SimulatorTest`; `BrokenEnginesTest`";

  private static final Map<String, Path> TESTS = new HashMap<>();

  private record Row(int hazard, String tests) {}

  @BeforeAll
  static void findTests() throws IOException {
    try (Stream<Path> all = Files.walk(TidyTest.root())) {
      all.filter(file -> file.toString().contains("src/test/java"))
          .filter(file -> file.toString().endsWith("Test.java"))
          .forEach(file -> TESTS.put(nameOf(file), file));
    }
  }

  private static String nameOf(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }

  private static List<Row> rows() {
    return ROW.matcher(read(TidyTest.root().resolve("docs/hazards.md")))
        .results()
        .map(row ->
            new Row(
                Integer.parseInt(row.group(1)),
                row.group(2).replace(CRASH_TESTS, NAMES_OF_CRASH_TESTS)))
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  @Test
  void eachHazardHasOneRowInOrder() {
    List<Integer> numbers = rows().stream().map(Row::hazard).toList();
    assertThat(numbers).isNotEmpty().isSorted().doesNotHaveDuplicates();
  }

  @Test
  void eachHazardHasTests() {
    assertThat(rows()).allMatch(row -> TEST.matcher(row.tests()).find());
  }

  @Test
  void theNameOfEachTestOfAHazardBeginsWithItsNumber() {
    List<String> wrong = new ArrayList<>();
    for (Row row : rows()) {
      String type = "";
      Matcher named = TEST.matcher(row.tests());
      while (named.find()) {
        type = named.group(1).isEmpty() ? type : named.group(1);
        if (!bearsNumber(type, named.group(2), row.hazard())) {
          wrong.add("hazard " + row.hazard() + ": " + type + "#" + named.group(2));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void eachTestThatBearsANumberIsInItsRow() {
    Map<Integer, String> testsOf = new HashMap<>();
    rows().forEach(row -> testsOf.put(row.hazard(), row.tests()));
    List<String> missing = new ArrayList<>();
    TESTS.forEach((type, file) ->
        numbers(read(file))
            .filter(hazard ->
                TEST.matcher(testsOf.getOrDefault(hazard, ""))
                    .results()
                    .noneMatch(test -> test.group(1).equals(type)))
            .forEach(hazard -> missing.add("hazard " + hazard + ": " + type)));
    assertThat(missing).isEmpty();
  }

  private static boolean bearsNumber(String type, @Nullable String method, int hazard) {
    Path file = TESTS.get(type);
    if (file == null) {
      return false;
    }
    String text = read(file);
    String head = text.substring(0, text.indexOf("class " + type));
    if (method == null) {
      return names(text, hazard);
    }
    int declared = text.indexOf("void " + method + "(");
    if (declared < 0) {
      return false;
    }
    // The formatter puts an empty line in front of a method and none into its annotations.
    String annotations = text.substring(text.lastIndexOf("\n\n", declared), declared);
    return names(head, hazard) || names(annotations, hazard);
  }

  private static boolean names(String text, int hazard) {
    return numbers(text).anyMatch(number -> number == hazard);
  }

  private static Stream<Integer> numbers(String text) {
    return DISPLAY_NAME
        .matcher(text)
        .results()
        .flatMap(name -> Pattern.compile(", *").splitAsStream(name.group(1)))
        .map(Integer::valueOf);
  }
}
