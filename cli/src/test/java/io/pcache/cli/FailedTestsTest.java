package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/failed-tests}, by which {@code bin/test} says at its end what failed. */
@Timeout(600)
class FailedTestsTest {
  private static final Path SCRIPT =
      Path.of("..", "bin", "failed-tests").toAbsolutePath().normalize();

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;
  private Path log;
  private Path since;

  @BeforeEach
  void makeLogAndStart() throws IOException {
    log = Files.writeString(folder.resolve("log"), "[INFO] BUILD SUCCESS\n");
    since = Files.createFile(folder.resolve("since"));
    Files.setLastModifiedTime(since, FileTime.from(START));
  }

  @Test
  void nothingIsSaidWhereAllPassed() throws Exception {
    report("core", START.plusSeconds(1), "<testcase name=\"a\" classname=\"x.Y\"/>");
    assertThat(list()).isEqualTo("0:");
  }

  @Test
  void everyFailedTestOfEveryModuleIsNamedOnce() throws Exception {
    report(
        "core",
        START.plusSeconds(1),
        """
          <testcase name="fails" classname="x.Y" time="1">
            <failure message="1 &lt; 2">text
            <failure inside a text is none</failure>
          </testcase>
          <testcase name="passes" classname="x.Y"/>
        """);
    report(
        "nbd",
        START.plusSeconds(1),
        """
          <testcase name="throws(int)[2]" classname="x.Z">
            <error type="java.io.IOException"/>
          </testcase>
        """);
    assertThat(list())
        .isEqualTo(
            """
            1:Failed:
              core: x.Y.fails
              nbd: x.Z.throws(int)[2]
            """);
  }

  @Test
  void aReportOfAnEarlierRunDoesNotCount() throws Exception {
    report(
        "core",
        START.minusSeconds(1),
        "<testcase name=\"old\" classname=\"x.Y\">\n<failure/>\n</testcase>");
    assertThat(list()).isEqualTo("0:");
  }

  @Test
  void aModuleThatDidNotCompileIsNamed() throws Exception {
    Files.writeString(
        log, "[ERROR] Failed to execute goal compiler:compile on project pcache-nbd: no\n");
    assertThat(list()).startsWith("1:Failed:").contains("pcache-nbd");
  }

  private void report(String module, Instant time, String cases) throws IOException {
    Path reports =
        Files.createDirectories(folder.resolve(module).resolve("target/surefire-reports"));
    Path file =
        Files.writeString(
            reports.resolve("TEST-x.xml"), "<testsuite>\n" + cases + "\n</testsuite>\n");
    Files.setLastModifiedTime(file, FileTime.from(time));
  }

  private String list() throws Exception {
    ProcessBuilder script =
        new ProcessBuilder("/bin/bash", SCRIPT.toString(), log.toString(), since.toString());
    script.environment().put("PCACHE_TEST_ROOT", folder.toString());
    Process process = script.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + ":" + output;
  }
}
