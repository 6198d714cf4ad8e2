package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/find-jdk}, which the launcher and the test script share, with folders that look like
 * JDKs.
 */
@Timeout(600)
class FindJdkTest {
  private static final Path SCRIPT = Path.of("..", "bin", "find-jdk").toAbsolutePath().normalize();

  @TempDir Path folder;

  @Test
  void aJavaHomeThatIsNewEnoughIsTaken() throws Exception {
    Path mine = jdk("mine", "26.0.1");
    jdk("places/other", "25");
    assertThat(find(Map.of("JAVA_HOME", mine.toString()))).isEqualTo(mine + "\n");
  }

  @Test
  void aJavaHomeThatIsTooOldIsPassedOver() throws Exception {
    Path old = jdk("old", "17.0.15");
    Path right = jdk("places/right", "25.0.3");
    assertThat(find(Map.of("JAVA_HOME", old.toString()))).isEqualTo(right + "\n");
  }

  @Test
  void amongThePlacesTwentyFiveGoesBeforeNewerOnes() throws Exception {
    jdk("places/a-newer", "27");
    jdk("places/b-older", "21.0.2");
    Path right = jdk("places/c-right", "25");
    assertThat(find(Map.of())).isEqualTo(right + "\n");
  }

  @Test
  void aNewerOneServesWhereThereIsNoOther() throws Exception {
    jdk("places/a", "9");
    Path newer = jdk("places/b", "27");
    assertThat(find(Map.of())).isEqualTo(newer + "\n");
  }

  @Test
  void withoutAnyItSaysWhatToInstall() throws Exception {
    jdk("places/old", "21");
    assertThat(find(Map.of()))
        .contains("JDK 25")
        .contains("apt-get install")
        .contains("dnf")
        .contains("Temurin");
  }

  @Test
  void aRuntimeWithoutACompilerIsNotAJdk() throws Exception {
    Files.delete(jdk("places/jre", "25").resolve("bin/javac"));
    assertThat(find(Map.of())).contains("needs a JDK 25");
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = folder.resolve(name);
    Files.createDirectories(home.resolve("bin"));
    for (String program : new String[] {"java", "javac"}) {
      assertThat(
              Files.createFile(home.resolve("bin").resolve(program)).toFile().setExecutable(true))
          .isTrue();
    }
    Files.writeString(
        home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  /** What the script finds or says, with no java on the search path. */
  private String find(Map<String, String> environment) throws Exception {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String tool : new String[] {"readlink", "sed", "cat"}) {
      Path link = tools.resolve(tool);
      if (Files.notExists(link)) {
        Files.createSymbolicLink(link, Path.of("/usr/bin", tool));
      }
    }
    ProcessBuilder bash =
        new ProcessBuilder(
            "/bin/bash", "-euc", ". \"$0\"; use_jdk && echo \"$JAVA_HOME\"", SCRIPT.toString());
    bash.environment().remove("JAVA_HOME");
    bash.environment().put("PATH", tools.toString());
    bash.environment().put("PCACHE_JDK_PLACES", folder.resolve("places").toString());
    bash.environment().putAll(environment);
    Process process = bash.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor() == 0).isEqualTo(output.startsWith(folder.toString()));
    return output;
  }
}
