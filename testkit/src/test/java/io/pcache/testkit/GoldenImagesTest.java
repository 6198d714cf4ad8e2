package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.error.WrongDeviceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The engine opens what a real kernel left, says what the kernel said, and reads what the kernel
 * read.
 */
@Tag("engine")
class GoldenImagesTest {
  /** Where dirty_tail equals key_head on media. */
  private static final List<String> CLEAN = List.of("fresh", "written-back");

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  static List<GoldenImage> images() {
    return GoldenImage.all();
  }

  static List<GoldenImage> dirtyImages() {
    return images().stream().filter(image -> !CLEAN.contains(image.name())).toList();
  }

  static List<GoldenImage> cleanImages() {
    return images().stream().filter(image -> CLEAN.contains(image.name())).toList();
  }

  private static OpenOptions options(GoldenImage.Unpacked devices) {
    return OpenOptions.of(devices.cache(), devices.backing());
  }

  @ParameterizedTest
  @MethodSource("images")
  void aKernelsCacheShowsTheStatusAndContentThatTheKernelSaw(GoldenImage image) throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);
    LogWalk log = LogWalk.of(devices.cache());

    try (Pcache cache = Pcache.open(options(devices).withAdopt(true))) {
      DmStatus status = DmStatus.parse(cache.status().toDmStatusLine());
      assertSameStatus(status, image.reattachedStatus(), log);
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(image.logicalSha256());
    }
  }

  private static void assertSameStatus(DmStatus ours, DmStatus kernels, LogWalk log) {
    assertThat(ours.superblockFlags()).isEqualTo(kernels.superblockFlags());
    assertThat(ours.segNum()).isEqualTo(kernels.segNum());
    assertThat(ours.segments()).isEqualTo(kernels.segments());
    assertThat(ours.gcPercent()).isEqualTo(kernels.gcPercent());
    assertThat(ours.cacheInfoFlags()).isEqualTo(kernels.cacheInfoFlags());
    assertThat(ours.keyHead()).isEqualTo(kernels.keyHead());
    // write-back and reclaiming start at once, so both tails may have moved on from where the image
    // has them
    int keyTail = log.indexOf(ours.keyTail());
    int dirtyTail = log.indexOf(ours.dirtyTail());
    assertThat(dirtyTail).isBetween(log.indexOf(log.dirtyTail()), log.indexOf(ours.keyHead()));
    assertThat(keyTail).isBetween(log.indexOf(log.keyTail()), dirtyTail);
  }

  @ParameterizedTest
  @MethodSource("images")
  void afterADrainTheBackingDeviceAloneHoldsEverything(GoldenImage image) throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);

    try (Pcache cache = Pcache.open(options(devices).withAdopt(true))) {
      cache.drain((left, atStart) -> assertThat(left).isNotNegative());
      assertThat(cache.status().dirtyBytes()).isZero();
      assertThat(cache.status().dirtyTail()).isEqualTo(cache.status().keyHead());
    }

    assertThat(Sha256.of(devices.backing())).isEqualTo(image.logicalSha256());
  }

  @ParameterizedTest
  @MethodSource("dirtyImages")
  @DisplayName("hazard 16: a dirty cache that names no backing device is refused unless adopted")
  void aDirtyCacheThatNamesNoBackingDeviceIsRefusedUnlessAdopted(GoldenImage image)
      throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);
    LogWalk log = LogWalk.of(devices.cache());
    assertThat(log.dirtyTail()).isNotEqualTo(log.keyHead());
    String before = Sha256.of(devices.cache());

    assertThatThrownBy(() -> Pcache.open(options(devices)).close())
        .isInstanceOf(WrongDeviceException.class);

    assertThat(Sha256.of(devices.cache())).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("cleanImages")
  void aCleanCacheThatNamesNoBackingDeviceIsTakenAsItIs(GoldenImage image) throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);

    try (Pcache cache = Pcache.open(options(devices))) {
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(image.logicalSha256());
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void whatWasAdoptedOnceOpensWithoutAdopting(GoldenImage image) throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);
    Pcache.open(options(devices).withAdopt(true)).close();

    try (Pcache cache = Pcache.open(options(devices))) {
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(image.logicalSha256());
    }
  }
}
