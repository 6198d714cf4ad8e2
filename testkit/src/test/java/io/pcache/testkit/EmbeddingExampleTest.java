package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that the README shows to people who embed the engine. */
@Tag("engine")
class EmbeddingExampleTest {
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private @TempDir Path folder;

  @Test
  void theReadmesProgramCompilesAndWritesAndReads() throws IOException, InterruptedException {
    Path source = Files.writeString(folder.resolve("Example.java"), exampleInReadme());
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int result =
        compiler.run(
            null, null, null, "-Xlint:all", "-Werror", "-cp", CLASS_PATH, source.toString());
    assertThat(result).as("javac's exit code").isZero();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String output =
        Command.run(
                java,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                folder + ":" + CLASS_PATH,
                "Example",
                folder.resolve("cache").toString(),
                folder.resolve("backing").toString())
            .succeeded();
    assertThat(output).contains("hello, ").contains(" bytes dirty");
  }

  private static String exampleInReadme() throws IOException {
    Matcher block = JAVA_BLOCK.matcher(Files.readString(Repository.resolve("README.md")));
    assertThat(block.find()).as("README.md has a java block").isTrue();
    return block.group(1);
  }
}
