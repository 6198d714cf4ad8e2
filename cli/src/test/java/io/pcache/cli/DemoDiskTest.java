package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.FormatOptions;
import io.pcache.error.BadOptionException;
import io.pcache.error.NoSpaceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDiskTest {
  @TempDir Path parent;
  private DemoDisk demo = new DemoDisk(Path.of(""));
  private final List<FormatOptions> formatted = new ArrayList<>();

  @BeforeEach
  void chooseFolder() {
    demo = new DemoDisk(parent.resolve("pcache-data"));
  }

  @Test
  void whereThereIsNothingBothAreMade() throws IOException {
    assertThat(demo.makeIfAbsent(this::format)).isTrue();
    assertThat(demo.cache()).hasContent("formatted");
    assertThat(demo.disk()).hasSize(DemoDisk.DISK_BYTES);
    assertThat(formatted)
        .singleElement()
        .satisfies(options -> {
          assertThat(options.sizeBytes()).isEqualTo(512L << 20);
          assertThat(options.force()).isFalse();
        });
    assertThat(demo.folder().toFile().list()).containsExactlyInAnyOrder("cache.img", "disk.img");
  }

  @Test
  void whatIsThereStaysAsItIs() throws IOException {
    Files.createDirectories(demo.folder());
    Files.writeString(demo.cache(), "old cache");
    Files.writeString(demo.disk(), "old disk");
    assertThat(demo.makeIfAbsent(this::format)).isFalse();
    assertThat(demo.cache()).hasContent("old cache");
    assertThat(demo.disk()).hasContent("old disk");
    assertThat(formatted).isEmpty();
  }

  @Test
  void aDiskWithoutItsCacheGetsNoNewOne() throws IOException {
    Files.createDirectories(demo.folder());
    Files.writeString(demo.disk(), "old disk");
    assertRefused(demo.disk(), demo.cache());
  }

  @Test
  void aCacheWithoutItsDiskGetsNoNewOne() throws IOException {
    Files.createDirectories(demo.folder());
    Files.writeString(demo.cache(), "old cache");
    assertRefused(demo.cache(), demo.disk());
  }

  @Test
  void whatAnUnfinishedStartLeftIsMadeAgain() throws IOException {
    Consumer<FormatOptions> full =
        options -> {
          format(options);
          throw new NoSpaceException("full");
        };
    assertThatThrownBy(() -> demo.makeIfAbsent(full)).isInstanceOf(NoSpaceException.class);
    assertThat(demo.cache()).doesNotExist();
    assertThat(demo.disk()).doesNotExist();
    assertThat(demo.makeIfAbsent(this::format)).isTrue();
    assertThat(demo.cache()).hasContent("formatted");
  }

  @Test
  void itSaysThatAcknowledgedWritesSurviveAKill() {
    assertThat(DemoDisk.thingsToTry("nbd://localhost", "pcache"))
        .endsWith("Every acknowledged write is there again next time, also after kill -9.\n");
  }

  private void assertRefused(Path there, Path missing) {
    assertThatThrownBy(() -> demo.makeIfAbsent(this::format))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll(there + " is there", missing + " is not");
    assertThat(missing).doesNotExist();
    assertThat(formatted).isEmpty();
  }

  private void format(FormatOptions options) {
    assertThat(options.cache()).doesNotExist();
    formatted.add(options);
    try {
      Files.writeString(options.cache(), "formatted");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
