package io.pcache.testkit.simulation;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Where methods stand in the source of a class. */
final class SourceMethods extends TreeScanner<Void, @Nullable Void> {
  /**
   * A part of a text.
   *
   * @param from its first character
   * @param to behind its last
   */
  record Range(int from, int to) {}

  private final CompilationUnitTree unit;
  private final SourcePositions positions;
  private final String name;
  private final List<Range> found = new ArrayList<>();

  private SourceMethods(CompilationUnitTree unit, SourcePositions positions, String name) {
    this.unit = unit;
    this.positions = positions;
    this.name = name;
  }

  /** All methods of a name, those of nested classes too, without their documentation. */
  static List<Range> named(String name, String source) {
    JavacTask task =
        (JavacTask)
            ToolProvider.getSystemJavaCompiler()
                .getTask(
                    null, null, null, List.of("-proc:none"), null, List.of(new Source(source)));
    try {
      CompilationUnitTree unit = task.parse().iterator().next();
      SourceMethods methods =
          new SourceMethods(unit, Trees.instance(task).getSourcePositions(), name);
      methods.scan(unit, null);
      return methods.found;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Void visitMethod(MethodTree method, @Nullable Void unused) {
    if (method.getName().contentEquals(name)) {
      long from = positions.getStartPosition(unit, method);
      long to = positions.getEndPosition(unit, method);
      found.add(new Range(Math.toIntExact(from), Math.toIntExact(to)));
    }
    return super.visitMethod(method, null);
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Source.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
