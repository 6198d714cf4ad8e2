package io.pcache.testkit.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** An engine with a deliberate fault, compiled here and loaded together with the simulator. */
final class BrokenEngine extends ClassLoader {
  private static final String OURS = "io.pcache.";

  private final Path patched;

  private BrokenEngine(Path patched) {
    super(BrokenEngine.class.getClassLoader());
    this.patched = patched;
  }

  /** A source that exists in memory alone. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("string:///io/pcache/" + file), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /**
   * Compiles the patched sources into a folder. Returns who lives through worlds with that engine.
   */
  @SuppressWarnings("unchecked")
  static LongFunction<String> hunt(Map<String, String> sources, Path folder)
      throws ReflectiveOperationException {
    compile(sources, folder);
    Class<?> hunt = new BrokenEngine(folder).loadClass(Hunt.class.getName());
    return (LongFunction<String>) hunt.getDeclaredConstructor().newInstance();
  }

  private static void compile(Map<String, String> sources, Path folder) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<Source> units = new ArrayList<>();
    sources.forEach((file, text) -> units.add(new Source(file, text)));
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> options =
        List.of(
            "-d", folder.toString(), "-cp", classPath, "-proc:none", "-nowarn", "-implicit:none");
    if (!compiler.getTask(null, null, null, options, null, units).call()) {
      throw new AssertionError("the broken engine does not compile: " + sources.keySet());
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      return name.startsWith(OURS) ? findClass(name) : super.loadClass(name, resolve);
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    String file = name.replace('.', '/') + ".class";
    try (InputStream in = open(file)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The patched class, or what the intact engine and the simulator have, in folders or jars. */
  private @Nullable InputStream open(String file) throws IOException {
    Path path = patched.resolve(file);
    return Files.exists(path) ? Files.newInputStream(path) : getParent().getResourceAsStream(file);
  }
}
