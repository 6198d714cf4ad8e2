package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.format.FreshFormat;
import io.pcache.format.MediaLayout;
import io.pcache.format.Superblock;
import io.pcache.media.ArrayMedia;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Formatting is an explicit act that destroys nothing known by mistake. */
class FormatTest {
  private static final long SIZE_BYTES = MediaLayout.MIN_CACHE_BYTES;

  @TempDir Path folder;
  private CacheFiles files = new CacheFiles(Path.of("unset"), Path.of("unset"));

  @BeforeEach
  void create() throws IOException {
    files = CacheFiles.in(folder);
  }

  private FormatOptions asItIs() {
    return FormatOptions.of(files.cache());
  }

  @Test
  void aNewFileIsCreatedAndOpens() {
    Pcache.format(asItIs().withSizeBytes(SIZE_BYTES).withLabel("büro"));
    try (Pcache cache = files.open()) {
      assertThat(cache.status().label()).isEqualTo("büro");
      assertThat(cache.status().segments()).isEqualTo(31);
      assertThat(cache.status().dataCrc()).isFalse();
    }
  }

  @Test
  void aMissingFileWithoutASizeIsRefused() {
    assertThatThrownBy(() -> Pcache.format(asItIs()))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("give --size");
  }

  @Test
  void aSizeBelowTheSmallestIsRefusedAndNothingCreated() {
    assertThatThrownBy(() -> Pcache.format(asItIs().withSizeBytes(SIZE_BYTES - 1)))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("536870911 bytes are too small")
        .hasMessageContaining("at least 536870912 (512 MiB) expected");
    assertThat(files.cache()).doesNotExist();
  }

  @Test
  void anExistingFileThatIsTooSmallIsRefused() throws IOException {
    CacheFiles.setLength(files.cache(), SIZE_BYTES - 512);
    assertThatThrownBy(() -> Pcache.format(asItIs())).isInstanceOf(NoSpaceException.class);
  }

  @Test
  void aLabelThatDoesNotFitIsRefused() {
    FormatOptions options = asItIs().withSizeBytes(SIZE_BYTES).withLabel("ü".repeat(33));
    assertThatThrownBy(() -> Pcache.format(options))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("label of 66 bytes; give at most 64");
    assertThat(files.cache()).doesNotExist();
  }

  @Test
  void aLabelWithControlCharactersIsRefused() {
    FormatOptions options = asItIs().withSizeBytes(SIZE_BYTES).withLabel("two\nlines");
    assertThatThrownBy(() -> Pcache.format(options))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("control character");
    assertThat(files.cache()).doesNotExist();
  }

  @Test
  void anEmptyNameIsRefused() {
    assertThatThrownBy(() -> Pcache.format(FormatOptions.of(Path.of(""))))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("name is empty");
  }

  @Test
  void aLargerFileIsNeitherCutNorUsedWholeUnasked() throws IOException {
    CacheFiles.setLength(files.cache(), SIZE_BYTES + 4096);
    assertThatThrownBy(() -> Pcache.format(asItIs().withSizeBytes(SIZE_BYTES).withForce(true)))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("has 536875008 bytes already, more than the 536870912");
    assertThat(files.cache()).hasSize(SIZE_BYTES + 4096);
  }

  @ParameterizedTest
  @ValueSource(longs = {4096, 8192, 12288, 16384})
  void aCacheThatWasCutToItsFirstRecordsIsStillACache(long sizeBytes) throws IOException {
    files.formatted();
    CacheFiles.setLength(files.cache(), sizeBytes);
    assertThatThrownBy(() -> Pcache.format(asItIs().withSizeBytes(SIZE_BYTES)))
        .hasMessageContainingAll("identity record", "--force");
    assertThat(files.cache()).hasSize(sizeBytes);
    assertThatThrownBy(() -> CacheRepair.open(files.cache()))
        .hasMessageNotContaining("no trace")
        .hasMessageNotContaining("format");
    assertThatThrownBy(files::open).hasMessageNotContaining("formatted");
    CacheFiles other = new CacheFiles(folder.resolve("other"), files.cache());
    Pcache.format(FormatOptions.of(other.cache()).withSizeBytes(SIZE_BYTES));
    assertThatThrownBy(other::open).hasMessageContaining("holds a pcache cache");
  }

  @ParameterizedTest
  @CsvSource({
    "an ext2, 1080, 53ef",
    "an XFS file system, 0, 58465342",
    "a Btrfs file system, 65600, 5f42485266535f4d",
    "an F2FS file system, 1024, 1020f5f2",
    "a LUKS volume, 0, 4c554b53babe",
    "an LVM physical volume, 512, 4c4142454c4f4e45",
    "a swap area, 4086, 53574150535041434532",
    "a bcache device, 4120, c68573f64e1a45ca8265f57f48ba6d81",
    "a qcow2 image, 0, 514649fb",
    "an NTFS file system, 3, 4e54465320202020",
    "a GPT partition table, 512, 4546492050415254",
    "a partition table or boot sector, 510, 55aa",
    "an LVM physical volume, 1536, 4c4142454c4f4e45",
    "a member of an MD array, 0, fc4e2ba9",
    "a member of an MD array, 4096, fc4e2ba9",
    "a member of an MD array, 536862720, fc4e2ba9",
    "a member of an MD array, 536805376, fc4e2ba9",
    "a member of a ZFS pool, 131072, 0cb1ba0000000000",
    "a member of a ZFS pool, 200704, 0000000000bab10c",
    "a member of a ZFS pool, 536743936, 0cb1ba0000000000",
    "the metadata of a dm-cache, 32, 03c4180000000000",
    "the metadata of a dm-thin pool, 32, ba529c0100000000",
    "a dm-writecache device, 0, 21934823",
    "a dm-integrity device, 0, 696e746567727400",
    "what is left of a pcache cache (damaged superblock), 4104, ef96c596fa5eb065"
  })
  void aDeviceThatHoldsAnythingKnownIsRefusedAndLeftAsItWas(
      String what, long offsetBytes, String hex) throws IOException {
    byte[] signature = HexFormat.of().parseHex(hex);
    CacheFiles.setLength(files.cache(), SIZE_BYTES);
    CacheFiles.overwrite(files.cache(), offsetBytes, signature);
    byte[] before = CacheFiles.read(files.cache(), 0, 1 << 20);
    assertThatThrownBy(() -> Pcache.format(asItIs()))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds " + what)
        .hasMessageContaining("--force");
    assertThat(CacheFiles.read(files.cache(), 0, 1 << 20)).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"4096, 4096", "0, 4096", "4096, 8192", "0, 20480", "4096, 16384"})
  @DisplayName("hazard 27: a cache that lost its superblock is neither formatted nor called empty")
  void aCacheThatLostItsSuperblockIsStillACache(long offsetBytes, int lengthBytes)
      throws IOException {
    files.formatted();
    try (Pcache cache = files.open()) {
      CacheFiles.write(cache, 0, 7);
      cache.flush();
    }
    byte[] noise = new byte[lengthBytes];
    Arrays.fill(noise, (byte) 0x5A);
    CacheFiles.overwrite(files.cache(), offsetBytes, noise);
    if (offsetBytes + lengthBytes > 4096) {
      assertThatThrownBy(files::open)
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("what is left of a pcache cache")
          .hasMessageContaining("'pcache repair'")
          .hasMessageNotContaining("pcache format");
    }
    byte[] before = CacheFiles.read(files.cache(), 0, 1 << 20);
    assertThatThrownBy(() -> Pcache.format(asItIs()))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("a pcache cache (")
        .hasMessageContaining("key sets in 1 segment")
        .hasMessageContaining("'pcache repair'");
    assertThat(CacheFiles.read(files.cache(), 0, 1 << 20)).isEqualTo(before);
  }

  @Test
  @DisplayName("hazard 27: a cache that lost its superblock is refused as a backing device")
  void aCacheThatLostItsSuperblockIsNoBackingDevice() throws IOException {
    files.formatted();
    Path other = folder.resolve("other");
    Pcache.format(FormatOptions.of(other).withSizeBytes(SIZE_BYTES));
    CacheFiles.overwrite(other, 4096, new byte[4096]);
    assertThatThrownBy(() -> Pcache.open(OpenOptions.of(files.cache(), other)))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds a pcache cache");
  }

  @ParameterizedTest
  @CsvSource({
    "mkfs.ext4 -q -F, ext4",
    "mkfs.xfs -q -f, XFS",
    "mkswap, swap",
    "mkfs.minix, what blkid calls minix",
    "cache_restore -i dm-cache.xml -o, dm-cache"
  })
  void whatTheSystemsOwnToolsMakeIsRecognised(String command, String what)
      throws IOException, InterruptedException {
    CacheFiles.setLength(files.cache(), SIZE_BYTES);
    Files.writeString(
        folder.resolve("dm-cache.xml"),
        "<superblock uuid='' block_size='128' nr_cache_blocks='8' policy='smq' hint_width='4'/>");
    String script = "PATH=$PATH:/sbin:/usr/sbin; " + command + " \"$1\"";
    Process tool =
        new ProcessBuilder("sh", "-c", script, "sh", files.cache().toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assumeTrue(tool.waitFor() == 0, command + " does not work here");
    assertThatThrownBy(() -> Pcache.format(asItIs()))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining(what);
    Pcache.format(asItIs().withForce(true));
    files.open().close();
  }

  @Test
  void aCacheIsFormattedAgainOnlyByForceAndIsEmptyThen() {
    files.formatted();
    try (Pcache cache = files.open()) {
      CacheFiles.write(cache, 0, 7);
    }
    assertThatThrownBy(() -> Pcache.format(asItIs()))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("a pcache cache");
    Pcache.format(asItIs().withForce(true).withDataCrc(true));
    try (Pcache cache = files.open()) {
      assertThat(cache.status().dataCrc()).isTrue();
      assertThat(cache.status().dirtyBytes()).isZero();
      assertThat(cache.status().cachedExtents()).isZero();
    }
  }

  @Test
  void aCacheThatIsOpenIsNotFormattedEvenByForce() {
    files.formatted();
    try (Pcache cache = files.open()) {
      assertThatThrownBy(() -> Pcache.format(asItIs().withForce(true)))
          .isInstanceOf(DeviceInUseException.class);
      CacheFiles.write(cache, 0, 7);
      assertThat(CacheFiles.read(cache, 0)).containsOnly(7);
    }
  }

  @Test
  void aDeviceThatWasNeverFormattedIsNoCache() throws IOException {
    CacheFiles.setLength(files.cache(), SIZE_BYTES);
    assertThatThrownBy(files::open)
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining(files.cache() + ": no cache found");
  }

  /** Media small enough for memory; formatting does not look at their size any more. */
  private static ArrayMedia smallMedia() {
    return new ArrayMedia(MediaLayout.segmentOffset(2));
  }

  @Test
  void formattingCutShortAtAnyStepLeavesNoCache() {
    ArrayMedia media = smallMedia();
    FreshFormat.write(media, false, null);
    int steps = media.events().size();
    assertThat(Superblock.isPresent(media.view())).isTrue();
    for (int step = 1; step < steps - 1; step++) {
      media.failAfter(step);
      assertThatThrownBy(() -> FreshFormat.write(media, false, null))
          .isInstanceOf(MediaFailureException.class);
      assertThat(Superblock.isPresent(media.view())).as("cut after %d steps", step).isFalse();
      media.failAfter(Integer.MAX_VALUE);
      assertThatCode(() -> FreshFormat.write(media, false, null)).doesNotThrowAnyException();
    }
  }

  @Test
  void theOldSuperblockGoesFirstAndTheNewOneComesLastEachDurably() {
    ArrayMedia media = smallMedia();
    FreshFormat.write(media, false, null);
    List<String> events = media.events();
    String superblock = "write 4096+24";
    assertThat(events).startsWith("zero 0+20480", "sync").endsWith("sync", superblock, "sync");
    assertThat(events).containsOnlyOnce(superblock);
  }
}
