package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that meet missing pages of a mapping, in whatever code their compilers make. */
@Timeout(600)
@DisplayName("hazard 47: a page that the device cannot deliver ends no process")
class FailingPagesTest {
  /** Whether the compiler inlines the write-back depends on the caller. Here it never does. */
  private static final String SEPARATE_WRITE_BACK =
      "-Xbatch -XX:CompileCommand=quiet -XX:CompileCommand=dontinline,java.nio.MappedMemoryUtils::force";

  @TempDir Path folder;

  private void checkThatEachFails(String what, String options) throws Exception {
    String file = folder.resolve("media").toString();
    assertThat(new YoungProcess(folder).run(FailingPages.class, options, what, file))
        .contains(FailingPages.ROUNDS + " failures");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:TieredStopAtLevel=1", "-Xbatch"})
  void aMissingPageIsNotTakenForZeroes(String options) throws Exception {
    checkThatEachFails("scan", options);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:TieredStopAtLevel=1", "-Xbatch"})
  void noWriteExtendsAFileWhoseLastPageIsMissing(String options) throws Exception {
    checkThatEachFails("extend", options);
    assertThat(folder.resolve("media")).hasSize(FailingPages.LEFT_BYTES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "zero", "inherit"})
  void noCacheLineOfAMissingPageIsWrittenBack(String what) throws Exception {
    checkThatEachFails(what, SEPARATE_WRITE_BACK);
  }
}
