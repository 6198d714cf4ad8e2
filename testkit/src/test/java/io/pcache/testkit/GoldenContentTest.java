package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The recorded runs, the content model and the second log reader agree with each other, without any
 * engine.
 */
class GoldenContentTest {
  private @TempDir Path folder;

  static List<GoldenImage> images() {
    return GoldenImage.all();
  }

  @ParameterizedTest
  @MethodSource("images")
  void replayingTheOperationsGivesWhatTheKernelRead(GoldenImage image) throws IOException {
    assertThat(image.expectedContent().sha256()).isEqualTo(image.logicalSha256());
  }

  @ParameterizedTest
  @MethodSource("images")
  void theLogEndsWhereTheKernelSaysItDoes(GoldenImage image) throws IOException {
    LogWalk log = LogWalk.of(image.unpack(folder).cache());

    assertThat(log.keyHead()).isEqualTo(image.reattachedStatus().keyHead());
    // the kernel's write-back and reclaiming went on between attaching and its status line, never
    // back
    assertThat(log.indexOf(log.dirtyTail()))
        .isLessThanOrEqualTo(log.indexOf(image.reattachedStatus().dirtyTail()));
    assertThat(log.indexOf(log.keyTail()))
        .isLessThanOrEqualTo(log.indexOf(image.reattachedStatus().keyTail()));
  }

  @Test
  void unpackingKeepsEveryByte() throws IOException {
    GoldenImage.Unpacked images = GoldenImage.load("fresh").unpack(folder);

    ExpectedContent backing = new ExpectedContent(64 << 20, SectorContent.BACKING_ID);
    assertThat(Sha256.of(images.backing())).isEqualTo(backing.sha256());
    assertThat(images.cache()).hasSize(512 << 20);
  }
}
