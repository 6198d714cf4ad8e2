package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Young processes of this JDK, started with what users give to theirs. */
@Timeout(600)
class VirtualMachineOptionsTest {
  private static final String UNLOCK = "-XX:+UnlockDiagnosticVMOptions ";

  /** What logging for the tests needs, and not what is under test. */
  private static final String FEW_MODULES = "--limit-modules java.base,java.naming,java.xml ";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Xint",
        "-XX:TieredStopAtLevel=0",
        "-XX:TieredStopAtLevel=1",
        "-XX:TieredStopAtLevel=2",
        "-XX:TieredStopAtLevel=3",
        "-XX:CompilationMode=quick-only",
        "-XX:TieredStopAtLevel=1 " + UNLOCK + "-XX:-DelayCompilerStubsGeneration"
      })
  @DisplayName("hazard 43: cache lines are not written back where that takes C2 and there is none")
  void cacheLinesAreNotWrittenBackWithoutC2(String options) throws Exception {
    assertThat(run(CacheLineWriter.class, options))
        .contains(CacheLineWriter.LEFT + "this virtual machine has no C2 compiler: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:+UseSerialGC",
        "-XX:+UseZGC",
        "-XX:-TieredCompilation",
        "-XX:CompilationMode=high-only",
        UNLOCK + "-XX:-DelayCompilerStubsGeneration"
      })
  @DisplayName("hazard 43: a young process does not write cache lines back before it can")
  void aYoungProcessWritesCacheLinesBackWithC2(String options) throws Exception {
    assertThat(run(CacheLineWriter.class, options)).contains(CacheLineWriter.DONE);
  }

  @Test
  void aRuntimeThatCannotBeAskedDoesNotWriteCacheLinesBack() throws Exception {
    assertThat(run(CacheLineWriter.class, FEW_MODULES))
        .contains(CacheLineWriter.LEFT + "this Java runtime lacks the module jdk.management");
  }

  @Test
  void aRuntimeThatCannotMapWithSyncOpensFilesAsFiles() throws Exception {
    Path file = Files.write(folder.resolve("media"), new byte[1 << 20]);
    assertThat(run(FileOpener.class, FEW_MODULES, file.toString()))
        .contains("FILE, why not DAX: this Java runtime lacks the module jdk.nio.mapmode");
  }

  private String run(Class<?> program, String options, String... arguments)
      throws IOException, InterruptedException {
    return new YoungProcess(folder).run(program, options, arguments);
  }
}
