package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which media a file becomes, on files whose mapping with sync is an ordinary one. */
class DaxOrFileTest {
  private static final SyncMapper OFFERED = (file, size, arena) -> file.map(size, arena);
  private static final SyncMapper NOT_OFFERED =
      (file, size, arena) -> {
        throw new IOException("Operation not supported");
      };

  @TempDir Path folder;

  private Media open(SyncMapper mapper, Optional<String> obstacle) throws IOException {
    Path path = Files.write(folder.resolve("media"), new byte[1 << 20]);
    NativeFile file = NativeFile.open(path, NativeFile.Access.READ_WRITE);
    return new DaxOrFile(mapper, () -> obstacle).open(file, Arena.ofShared());
  }

  @Test
  void whereNothingStandsAgainstItAFileOnDaxIsDaxMedia() throws IOException {
    try (Media media = open(OFFERED, Optional.empty())) {
      assertThat(media.kind()).isEqualTo(MediaKind.DAX);
      assertThat(media.whyNotDax()).isNull();
      assertThat(media.syncMayBlock()).isFalse();
      writeAndRead(media);
    }
  }

  @Test
  void whereCacheLinesCannotBeWrittenBackAFileOnDaxIsFileMediaAndSaysWhy() throws IOException {
    try (Media media = open(OFFERED, Optional.of("no C2"))) {
      assertThat(media.kind()).isEqualTo(MediaKind.FILE);
      assertThat(media.whyNotDax()).isEqualTo("no C2");
      writeAndRead(media);
    }
  }

  @Test
  void whereTheFileSystemHasNoDaxNobodyAsksTheVirtualMachine() throws IOException {
    try (Media media = open(NOT_OFFERED, Optional.of("no C2"))) {
      assertThat(media.kind()).isEqualTo(MediaKind.FILE);
      assertThat(media.whyNotDax()).isNull();
      writeAndRead(media);
    }
  }

  private static void writeAndRead(Media media) {
    media.write(4099, MemorySegment.ofArray(new byte[] {1, 2, 3}), 0, 3);
    media.zero(4100, 1);
    media.sync();
    assertThat(media.view().asSlice(4098, 5).toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(0, 1, 0, 3, 0);
  }
}
