package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rules of this repository that no compiler knows. Each failure names file and line. */
class TidyTest {
  private static final int METHOD_LINES_CAP = 70;
  private static final int CONSTRUCTOR_PARAMETERS_CAP = 8;
  private static final int SENTENCE_WORDS_CAP = 25;
  private static final double MEAN_SENTENCE_WORDS_CAP = 15;
  private static final Set<String> SKIPPED_FOLDERS =
      Set.of("target", ".git", "golden", "node_modules", "kernel");
  private static final Pattern TEXT =
      Pattern.compile(".*\\.(java|md|xml|yml|yaml|properties)|[^.]+");
  private static final Pattern CATCH_ALL = Pattern.compile("\\w*(Utils?|Manager|Helpers?)\\.java");
  private static final Pattern TYPE = Pattern.compile("\\b(class|interface|enum|record)\\s");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)#\\s]*)(#[^)]*)?\\)");

  /** In pieces, so that this file does not break the rule it keeps. */
  private static final List<String> PRIVATE_FOLDERS =
      List.of("/" + "work/", "/tmp/" + "wt", "/root" + "/", "/home" + "/");

  private static final List<Path> FILES = new ArrayList<>();

  /** The top folder of this repository. */
  static Path root() {
    return Stream.iterate(Path.of("").toAbsolutePath(), Objects::nonNull, Path::getParent)
        .filter(folder -> Files.exists(folder.resolve("CONTRIBUTING.md")))
        .findFirst()
        .orElseThrow();
  }

  @BeforeAll
  static void collectFiles() throws IOException {
    FILES.clear();
    Files.walkFileTree(
        root(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean skip = SKIPPED_FOLDERS.contains(folder.getFileName().toString());
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (TEXT.matcher(file.getFileName().toString()).matches()) {
              FILES.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static List<String> linesOf(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  private static List<String> linesThat(Predicate<String> isWrong) {
    List<String> found = new ArrayList<>();
    for (Path file : FILES) {
      List<String> lines = linesOf(file);
      for (int i = 0; i < lines.size(); i++) {
        if (isWrong.test(lines.get(i))) {
          found.add(root().relativize(file) + ":" + (i + 1));
        }
      }
    }
    return found;
  }

  private static Stream<Path> filesThatEndIn(String ending) {
    return FILES.stream().filter(file -> file.toString().endsWith(ending));
  }

  @Test
  void thereAreFilesToLookAt() {
    assertThat(filesThatEndIn(".java")).hasSizeGreaterThan(100);
    assertThat(filesThatEndIn(".md")).hasSizeGreaterThan(3);
  }

  @Test
  void nothingIsIndentedByTabs() {
    assertThat(linesThat(line -> line.contains("\t"))).isEmpty();
  }

  @Test
  void noLineEndsInABlank() {
    assertThat(linesThat(line -> line.endsWith(" "))).isEmpty();
  }

  @Test
  void nothingNamesAFolderOfOneMachine() {
    assertThat(linesThat(line -> PRIVATE_FOLDERS.stream().anyMatch(line::contains))).isEmpty();
  }

  @Test
  void noClassIsACatchAll() {
    assertThat(FILES.stream().map(file -> file.getFileName().toString()))
        .noneMatch(name -> CATCH_ALL.matcher(name).matches());
  }

  @Test
  void linksInDocumentsLeadToFiles() {
    List<String> broken = new ArrayList<>();
    filesThatEndIn(".md").forEach(document -> collectBrokenLinks(document, broken));
    assertThat(broken).isEmpty();
  }

  private static void collectBrokenLinks(Path document, List<String> broken) {
    for (String line : linesOf(document)) {
      Matcher link = LINK.matcher(line);
      while (link.find()) {
        String target = link.group(1);
        boolean elsewhere = target.isEmpty() || target.contains(":");
        if (!elsewhere && !Files.exists(document.resolveSibling(target))) {
          broken.add(root().relativize(document) + " -> " + target);
        }
      }
    }
  }

  private static Stream<Path> documents() {
    List<Path> folders = List.of(root(), root().resolve("docs"));
    return filesThatEndIn(".md").filter(document -> folders.contains(document.getParent()));
  }

  private static Stream<Path> engineSources() {
    return filesThatEndIn(".java").filter(file -> file.startsWith(root().resolve("core/src/main")));
  }

  @Test
  void noSentenceIsLongerThanReadersFollow() {
    List<String> tooLong = new ArrayList<>();
    documents().forEach(file -> collectLong(file, Sentences.ofMarkdown(linesOf(file)), tooLong));
    engineSources()
        .forEach(file -> collectLong(file, Sentences.ofComments(linesOf(file)), tooLong));
    assertThat(tooLong).isEmpty();
  }

  private static void collectLong(
      Path file, List<Sentences.Sentence> sentences, List<String> tooLong) {
    for (Sentences.Sentence sentence : sentences) {
      if (sentence.words() > SENTENCE_WORDS_CAP) {
        String place = root().relativize(file) + ":" + sentence.line();
        tooLong.add(place + ": " + sentence.words() + " words: " + sentence.text());
      }
    }
  }

  @Test
  void sentencesAreShortOnAverage() {
    List<String> tooLong = new ArrayList<>();
    documents()
        .forEach(file ->
            collectLongMean(
                root().relativize(file).toString(), Sentences.ofMarkdown(linesOf(file)), tooLong));
    List<Sentences.Sentence> comments =
        engineSources().flatMap(file -> Sentences.ofComments(linesOf(file)).stream()).toList();
    assertThat(comments).hasSizeGreaterThan(1000);
    collectLongMean("comments of core", comments, tooLong);
    assertThat(tooLong).isEmpty();
  }

  private static void collectLongMean(
      String where, List<Sentences.Sentence> sentences, List<String> tooLong) {
    double mean = sentences.stream().mapToInt(Sentences.Sentence::words).average().orElseThrow();
    if (mean > MEAN_SENTENCE_WORDS_CAP) {
      tooLong.add(where + ": " + mean + " words");
    }
  }

  @Test
  void noMethodIsLongerThanTheCap() {
    List<String> tooLong = new ArrayList<>();
    filesThatEndIn(".java").forEach(file -> collectLongMethods(file, tooLong));
    assertThat(tooLong).isEmpty();
  }

  @Test
  void noConstructorHasMoreThanEightParameters() throws IOException {
    List<String> tooLong = new ArrayList<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager sources = compiler.getStandardFileManager(null, null, null)) {
      var units = sources.getJavaFileObjectsFromPaths(filesThatEndIn(".java").toList());
      var task = (JavacTask) compiler.getTask(null, sources, null, null, null, units);
      for (CompilationUnitTree unit : task.parse()) {
        Path file = root().relativize(Path.of(unit.getSourceFile().toUri()));
        new LongConstructors(file.toString()).scan(unit, tooLong);
      }
    }
    assertThat(tooLong).isEmpty();
  }

  @Test
  void ofTheConstructorsOfARecordOnlyTheCanonicalOneMayBeLonger() throws IOException {
    String components = "int a, int b, int c, int d, int e, int f, int g, int h, @Deprecated int i";
    List<String> tooLong = new ArrayList<>();
    String canonical = "R(" + components + ") { this.a = a; }";
    collectLongConstructors("record R(" + components + ") { static int x; }", tooLong);
    collectLongConstructors("record R(" + components + ") { R { assert a > 0; } }", tooLong);
    collectLongConstructors("record R(" + components + ") { " + canonical + " }", tooLong);
    assertThat(tooLong).isEmpty();
    String other = "R(" + components.replace("int a", "long a") + ") { this(0); }";
    collectLongConstructors("record R(" + components + ") { " + other + " }", tooLong);
    collectLongConstructors("record R(int a) { " + other + " }", tooLong);
    collectLongConstructors("class R { " + canonical + " }", tooLong);
    assertThat(tooLong).containsExactly("R.java: R: 9", "R.java: R: 9", "R.java: R: 9");
  }

  private static void collectLongConstructors(String source, List<String> tooLong)
      throws IOException {
    var file =
        new SimpleJavaFileObject(URI.create("string:///R.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var task = (JavacTask) compiler.getTask(null, null, null, null, null, List.of(file));
    for (CompilationUnitTree unit : task.parse()) {
      new LongConstructors("R.java").scan(unit, tooLong);
    }
  }

  /** A record's canonical constructor has as many parameters as the record carries data. */
  private static final class LongConstructors extends TreeScanner<Void, List<String>> {
    private final String file;

    LongConstructors(String file) {
      this.file = file;
    }

    @Override
    public Void visitClass(ClassTree type, List<String> tooLong) {
      for (Tree member : type.getMembers()) {
        if (member instanceof MethodTree method
            && method.getReturnType() == null
            && method.getParameters().size() > CONSTRUCTOR_PARAMETERS_CAP
            && !isCanonical(type, method)) {
          tooLong.add(file + ": " + type.getSimpleName() + ": " + method.getParameters().size());
        }
      }
      return super.visitClass(type, tooLong);
    }

    private static boolean isCanonical(ClassTree type, MethodTree constructor) {
      return type.getKind() == Tree.Kind.RECORD
          && typesOf(components(type)).equals(typesOf(constructor.getParameters()));
    }

    /** A record's fields that are not static. */
    private static List<VariableTree> components(ClassTree record) {
      return record.getMembers().stream()
          .filter(VariableTree.class::isInstance)
          .map(VariableTree.class::cast)
          .filter(field -> !field.getModifiers().getFlags().contains(Modifier.STATIC))
          .toList();
    }

    private static List<String> typesOf(List<? extends VariableTree> variables) {
      return variables.stream().map(variable -> variable.getType().toString()).toList();
    }
  }

  /** The formatter puts a method's first and last line at one depth and nothing between at it. */
  private static void collectLongMethods(Path file, List<String> tooLong) {
    List<String> lines = linesOf(file);
    for (int end = 0; end < lines.size(); end++) {
      if (!lines.get(end).matches(" {2,8}}")) {
        continue;
      }
      int start = end - 1;
      int depth = lines.get(end).indexOf('}');
      while (start > 0 && !lines.get(start).matches(" {" + depth + "}[^ ].*")) {
        start--;
      }
      if (end - start + 1 > METHOD_LINES_CAP && !TYPE.matcher(lines.get(start)).find()) {
        tooLong.add(root().relativize(file) + ":" + (start + 1) + ": " + (end - start + 1));
      }
    }
  }
}
