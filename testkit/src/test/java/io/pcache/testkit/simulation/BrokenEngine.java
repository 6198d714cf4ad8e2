package io.pcache.testkit.simulation;

import io.pcache.cache.Cache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** An engine with a deliberate fault, compiled here and loaded together with the simulator. */
final class BrokenEngine extends ClassLoader {
  private static final String OURS = "io.pcache.";

  private final List<Path> folders;

  private BrokenEngine(List<Path> folders) {
    super(BrokenEngine.class.getClassLoader());
    this.folders = folders;
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
    BrokenEngine loader =
        new BrokenEngine(List.of(folder, placeOf(Cache.class), placeOf(Hunt.class)));
    Class<?> hunt = loader.loadClass(Hunt.class.getName());
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

  private static Path placeOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
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
    for (Path folder : folders) {
      Path path = folder.resolve(file);
      if (Files.exists(path)) {
        byte[] bytes = read(path);
        return defineClass(name, bytes, 0, bytes.length);
      }
    }
    throw new ClassNotFoundException(name);
  }

  private static byte[] read(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
