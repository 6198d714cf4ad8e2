package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.format.CacheInfo;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.TailPosition;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheRepairTest {
  /** Where the log of a fresh cache begins, and how far its key sets of one key lie apart. */
  private static final long LOG_OFFSET =
      MediaLayout.SEGMENTS_OFFSET + MediaLayout.SEGMENT_HEADER_BYTES;

  private static final int KEY_SET_BYTES = KeySetRecord.sizeBytes(1);
  private static final int KEY_SETS = 4;

  private @TempDir Path folder;
  private CacheFiles files;

  @BeforeEach
  void format() throws IOException {
    files = CacheFiles.in(folder).formatted();
  }

  /** Block i holds i + 1, each in a key set of its own. */
  private static void writeKeySets(Pcache cache) {
    for (int i = 0; i < KEY_SETS; i++) {
      CacheFiles.write(cache, i * 4096L, i + 1);
      cache.flush();
    }
  }

  private void damageKeySet(int number) throws IOException {
    CacheFiles.overwrite(
        files.cache(), LOG_OFFSET + (long) number * KEY_SET_BYTES + 30, new byte[] {1, 2, 3, 4});
  }

  @Test
  void anIntactLogNeedsNoRepair() {
    try (Pcache cache = files.open()) {
      writeKeySets(cache);
    }
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.isDamaged()).isFalse();
      assertThat(repair.findings()).containsExactly("the log is intact from 0:0 to 0:256");
    }
  }

  @Test
  void damageAmongDirtyKeySetsIsGivenUpOnlyWhenTold() throws IOException {
    Pcache killed = files.open();
    killed.drain((left, atStart) -> {});
    writeKeySets(killed);
    killed.kill();
    damageKeySet(2);
    makeAllDirty();
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("damaged at 0:128; 1 intact key sets with 1 keys lie beyond it");
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.isDamaged()).isTrue();
      assertThat(repair.findings())
          .hasSize(2)
          .first()
          .asString()
          .contains("breaks off at 0:128; ")
          .contains("1 intact key sets with 1 keys");
      assertThat(repair.findings().getLast())
          .contains("a killed process acknowledged and did not flush", "are given up with it");
    }
    assertThatThrownBy(files::open).isInstanceOf(CorruptMediaException.class);
    repair();
    try (Pcache cache = files.open()) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
      assertThat(CacheFiles.read(cache, 4096)).containsOnly(2);
    }
  }

  /** Write-back may have come to any place: puts dirty_tail where key_tail is. */
  private void makeAllDirty() {
    try (Media media = MediaFiles.open(files.cache())) {
      TailPosition.dirtyTail(media, 31).storeDurably(new LogAddress(0, 0));
    }
  }

  @Test
  void damageBeforeDirtyTailCostsNothingButCachedData() throws IOException {
    try (Pcache cache = files.open()) {
      writeKeySets(cache);
      assertThat(cache.drain((left, atStart) -> {})).isTrue();
    }
    damageKeySet(1);
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("without meeting dirty_tail 0:256");
    repair();
    try (Pcache cache = files.open()) {
      // Before anything is read: what a miss brings enters the log a second later.
      assertThat(cache.status().keyTail()).isEqualTo(cache.status().dirtyTail());
      for (int i = 0; i < KEY_SETS; i++) {
        assertThat(CacheFiles.read(cache, i * 4096L)).containsOnly(i + 1);
      }
    }
  }

  @Test
  void damageOnBothSidesOfDirtyTailIsDescribedAsTheLossOfDirtyDataThatItIs() throws IOException {
    Pcache killed = files.open();
    writeKeySets(killed);
    killed.kill();
    damageKeySet(0);
    damageKeySet(2);
    try (Media media = MediaFiles.open(files.cache())) {
      TailPosition.dirtyTail(media, 31).storeDurably(new LogAddress(0, 64));
    }
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.findings())
          .first()
          .asString()
          .contains("the log from 0:0 is damaged before dirty_tail 0:64; ")
          .contains("the log breaks off at 0:128; ")
          .contains("1 intact key sets with 1 keys")
          .doesNotContain("nothing dirty");
    }
    repair();
    try (Pcache cache = files.open()) {
      assertThat(CacheFiles.read(cache, 4096)).containsOnly(2);
    }
  }

  /** Leaves dirty_tail with its second newest copy alone, which names a segment of its own. */
  private void loseNewestDirtyTail(int olderSegment) throws IOException {
    try (Media media = MediaFiles.open(files.cache())) {
      TailPosition dirtyTail = TailPosition.dirtyTail(media, 31);
      dirtyTail.storeDurably(new LogAddress(olderSegment, 4096));
      dirtyTail.storeDurably(new LogAddress(0, 0));
    }
    long slot = MediaLayout.DIRTY_TAIL_OFFSET;
    byte[] segment = CacheFiles.read(files.cache(), slot + TailPosition.CACHE_SEG_ID_OFFSET, 1);
    lose(segment[0] == 0 ? slot : slot + 16, 16);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void aDirtyTailThatIsNoPlaceOfTheLogIsTakenFromKeyTail(int segment) throws IOException {
    Path staging = StagingFolders.make();
    OpenOptions options = files.options().withStagingFolder(staging);
    try {
      Pcache killed = Pcache.open(options);
      writeKeySets(killed);
      CacheFiles.write(killed, KEY_SETS * 4096L, KEY_SETS + 1);
      killed.kill();
      loseNewestDirtyTail(segment);
      assertThatThrownBy(() -> Pcache.open(options))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("without meeting dirty_tail " + segment + ":4096");
      try (CacheRepair repair = CacheRepair.open(files.cache())) {
        assertThat(repair.findings())
            .containsExactly(
                "dirty_tail: lost; no key set begins or ends at %d:4096, and the log from key_tail is intact; taken from key_tail 0:0, so everything is written back again"
                    .formatted(segment),
                "the log is intact from 0:0 to 0:256");
      }
      repair();
      try (Pcache cache = Pcache.open(options)) {
        for (int i = 0; i <= KEY_SETS; i++) {
          assertThat(CacheFiles.read(cache, i * 4096L)).containsOnly(i + 1);
        }
        assertThat(cache.drain((left, atStart) -> {})).isTrue();
      }
      assertThat(CacheFiles.read(files.backing(), 4096, 4096)).containsOnly(2);
    } finally {
      StagingFolders.remove(staging);
    }
  }

  private void zeroKeySet(int number) throws IOException {
    CacheFiles.overwrite(
        files.cache(), LOG_OFFSET + (long) number * KEY_SET_BYTES, new byte[KEY_SET_BYTES]);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void zeroesBeforeDirtyTailBringNoOldDataBack(boolean inOrder) throws IOException {
    Pcache cache = files.open();
    writeKeySets(cache);
    CacheFiles.write(cache, 0, 9);
    cache.flush();
    assertThat(cache.drain((left, atStart) -> {})).isTrue();
    if (inOrder) {
      cache.close();
    } else {
      cache.kill();
    }
    zeroKeySet(1);
    zeroKeySet(KEY_SETS);
    repair();
    try (Pcache repaired = files.open()) {
      assertThat(repaired.drain((left, atStart) -> {})).isTrue();
      assertThat(CacheFiles.read(repaired, 0)).containsOnly(9);
    }
    assertThat(CacheFiles.read(files.backing(), 0, 4096)).containsOnly(9);
  }

  @Test
  void zeroesBeforeDirtyTailCostNothingThatIsDirty() throws IOException {
    Pcache killed = files.open();
    writeKeySets(killed);
    killed.kill();
    zeroKeySet(1);
    try (Media media = MediaFiles.open(files.cache())) {
      TailPosition.dirtyTail(media, 31).storeDurably(new LogAddress(0, 2 * KEY_SET_BYTES));
    }
    repair();
    try (Pcache cache = files.open()) {
      assertThat(CacheFiles.read(cache, 2 * 4096)).containsOnly(3);
      assertThat(CacheFiles.read(cache, 3 * 4096)).containsOnly(4);
    }
  }

  @Test
  void aCacheThatIsOpenIsNotRepaired() {
    try (Pcache _ = files.open()) {
      assertThatThrownBy(() -> CacheRepair.open(files.cache()))
          .isInstanceOf(DeviceInUseException.class);
    }
  }

  private static byte[] noise(int lengthBytes) {
    byte[] noise = new byte[lengthBytes];
    Arrays.fill(noise, (byte) 0x5A);
    return noise;
  }

  private void lose(long offsetBytes, int lengthBytes) throws IOException {
    CacheFiles.overwrite(files.cache(), offsetBytes, noise(lengthBytes));
  }

  private void writeAndClose() {
    try (Pcache cache = files.open()) {
      writeKeySets(cache);
    }
  }

  private void checkContent() {
    try (Pcache cache = files.open()) {
      for (int i = 0; i < KEY_SETS; i++) {
        assertThat(CacheFiles.read(cache, i * 4096L)).containsOnly(i + 1);
      }
    }
  }

  @Test
  @DisplayName(
      "hazard 27: a lost superblock is rebuilt, and nothing is written before that is asked")
  void aLostSuperblockIsRebuiltFromCacheInfoAndTheChain() throws IOException {
    writeAndClose();
    byte[] before = CacheFiles.read(files.cache(), 4096, 24);
    lose(4096, 4096);
    byte[] lost = CacheFiles.read(files.cache(), 0, 1 << 20);
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.isDamaged()).isTrue();
      assertThat(repair.findings())
          .containsExactly(
              "superblock: lost; 31 segments taken from cache_info, the segment chain and the device's size",
              "the log is intact from 0:0 to 0:256");
    }
    assertThat(CacheFiles.read(files.cache(), 0, 1 << 20)).isEqualTo(lost);
    repair();
    assertThat(CacheFiles.read(files.cache(), 4096, 24)).isEqualTo(before);
    checkContent();
  }

  @Test
  void bothTailsAreTakenFromWhereTheCacheWasClosed() throws IOException {
    writeAndClose();
    lose(16 << 10, 64);
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("'pcache repair'");
    repair();
    checkContent();
  }

  @Test
  void bothTailsOfACacheThatWasNotClosedAreGone() throws IOException {
    Pcache killed = files.open();
    writeKeySets(killed);
    killed.kill();
    lose(16 << 10, 64);
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("key_tail and dirty_tail: both are lost, and no identity record");
  }

  @Test
  void aTailWithoutRoomForAHeaderIsLost() throws IOException {
    writeAndClose();
    try (Media media = MediaFiles.open(files.cache())) {
      TailPosition.keyTail(media, 31).storeDurably(new LogAddress(0, MediaLayout.DATA_AREA_BYTES));
    }
    repair();
    checkContent();
  }

  @Test
  void whetherChecksumsAreOnIsRefusedWhereKeysDoNotTellAndTakenWhereItIsSaid() throws IOException {
    lose(8192, 8192);
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining(
            "0 keys match the checksum of their data, 0 do not; say it with --data-crc true");
    try (CacheRepair repair = CacheRepair.open(files.cache(), true)) {
      repair.apply();
    }
    try (Pcache cache = files.open()) {
      assertThat(cache.status().dataCrc()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, true", "2, undecided", "3, undecided", "4, false"})
  void decayedDataDoesNotTurnChecksumsOff(int decayed, String verdict) throws IOException {
    Pcache.format(FormatOptions.of(files.cache()).withDataCrc(true).withForce(true));
    writeAndClose();
    for (int i = 0; i < decayed; i++) {
      lose(firstData() + i * 4096L, 512);
    }
    lose(8192, 8192);
    if (verdict.equals("undecided")) {
      assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining(
              "%d keys match the checksum of their data, %d do not"
                  .formatted(KEY_SETS - decayed, decayed));
      return;
    }
    repair();
    try (Media media = MediaFiles.open(files.cache())) {
      assertThat(CacheInfo.find(media).orElseThrow().dataCrc())
          .isEqualTo(Boolean.parseBoolean(verdict));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsSaidOfChecksumsIsRefusedWhereTheKeysTellTheOpposite(boolean dataCrc)
      throws IOException {
    Pcache.format(FormatOptions.of(files.cache()).withDataCrc(dataCrc).withForce(true));
    writeAndClose();
    assertThatThrownBy(() -> CacheRepair.open(files.cache(), !dataCrc).close())
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("cache_info is intact and says the opposite");
    lose(8192, 8192);
    assertThatThrownBy(() -> CacheRepair.open(files.cache(), !dataCrc).close())
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("the keys tell the opposite");
    try (Media media = MediaFiles.open(files.cache())) {
      assertThat(CacheInfo.find(media)).isEmpty();
    }
    try (CacheRepair repair = CacheRepair.open(files.cache(), dataCrc)) {
      assertThat(repair.findings()).anyMatch(line -> line.contains("as was said, and "));
      repair.apply();
    }
    checkContent();
  }

  /** Where the data of the first key lies. */
  private long firstData() throws IOException {
    byte[] key = CacheFiles.read(files.cache(), LOG_OFFSET + KeySetRecord.keyOffset(0), 40);
    MemorySegment bytes = MemorySegment.ofArray(key);
    return MediaLayout.segmentOffset(KeyRecord.cacheSegId(bytes, 0))
        + MediaLayout.SEGMENT_HEADER_BYTES
        + KeyRecord.cacheSegOff(bytes, 0);
  }

  @Test
  @DisplayName("hazard 27: a repair destroys nothing that somebody else put on the device")
  void whatTookTheDeviceOverIsLeftAsItIs() throws IOException {
    writeAndClose();
    lose(4096, 4096);
    CacheFiles.overwrite(files.cache(), 0x438, new byte[] {0x53, (byte) 0xEF});
    byte[] before = CacheFiles.read(files.cache(), 0, 1 << 20);
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("has no superblock of a cache, and holds an ext2, ext3 or ext4");
    assertThatThrownBy(() -> Pcache.format(FormatOptions.of(files.cache())))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining(
            "holds an ext2, ext3 or ext4 file system and what is left of a pcache");
    assertThat(CacheFiles.read(files.cache(), 0, 1 << 20)).isEqualTo(before);
  }

  /** A device whose last segment reaches its end, where some signatures have their place. */
  private void formatWithoutUnusedEnd() throws IOException {
    CacheFiles.setLength(files.cache(), MediaLayout.segmentOffset(32));
    Pcache.format(FormatOptions.of(files.cache()).withForce(true));
  }

  @ParameterizedTest
  @CsvSource({
    "the first uberblock of ZFS, 131072, 0cb1ba0000000000",
    "an uberblock of ZFS in the last label, 536739840, 0cb1ba0000000000",
    "Btrfs, 65600, 5f42485266535f4d",
    "MD with its superblock near the end, 536883200, fc4e2ba9",
    "MD with its superblock before that, 536805376, fc4e2ba9",
    "GFS2 which blkid knows, 65536, 011619700000000100000000000000000000006400000000000007090000076c"
  })
  @DisplayName("hazard 27: cached data that looks like a foreign signature keeps no repair away")
  void cachedDataThatLooksLikeASignatureIsNoOtherOwner(String what, long offsetBytes, String hex)
      throws IOException {
    formatWithoutUnusedEnd();
    writeAndClose();
    byte[] signature = HexFormat.of().parseHex(hex);
    CacheFiles.overwrite(files.cache(), offsetBytes, signature);
    lose(4096, 4096);
    assertThatThrownBy(() -> Pcache.format(FormatOptions.of(files.cache())))
        .as(what)
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds what is left of a pcache cache (")
        .hasMessageContaining("see with 'pcache repair' what can be restored");
    assertThatThrownBy(files::open)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("'pcache repair' says what can be restored");
    repair();
    assertThat(CacheFiles.read(files.cache(), offsetBytes, signature.length)).isEqualTo(signature);
    checkContent();
  }

  @ParameterizedTest
  @CsvSource({
    "a member of an MD array (4 bytes at byte 536862720), 536862720, fc4e2ba9",
    "a GPT partition table (8 bytes at byte 512), 512, 4546492050415254"
  })
  @DisplayName("hazard 27: a signature beside the cached data is another owner's")
  void aSignatureBesideTheCachedDataIsAnotherOwners(String what, long offsetBytes, String hex)
      throws IOException {
    writeAndClose();
    byte[] signature = HexFormat.of().parseHex(hex);
    byte[] before = CacheFiles.read(files.cache(), offsetBytes, signature.length);
    CacheFiles.overwrite(files.cache(), offsetBytes, signature);
    lose(4096, 4096);
    String where = what.substring(what.indexOf('('));
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds " + what.substring(0, what.indexOf(" (")) + ";")
        .hasMessageContaining("copy its signature " + where + " to a file")
        .hasMessageNotContaining("wipefs");
    CacheFiles.overwrite(files.cache(), offsetBytes, before);
    repair();
    checkContent();
  }

  @Test
  @DisplayName("hazard 27: a signature in a segment that lost its record is another owner's")
  void aSegmentWithoutItsRecordMayBeAnotherOwners() throws IOException {
    writeAndClose();
    lose(4096, 4096);
    lose(MediaLayout.SEGMENTS_OFFSET, MediaLayout.SEGMENT_HEADER_BYTES);
    CacheFiles.overwrite(files.cache(), 128 << 10, HexFormat.of().parseHex("0cb1ba0000000000"));
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds a member of a ZFS pool");
  }

  @Test
  @DisplayName("hazard 27: what only blkid knows is found before the cached data")
  void whatOnlyBlkidKnowsIsFoundBeforeTheCachedData() throws IOException {
    writeAndClose();
    lose(4096, 4096);
    CacheFiles.overwrite(files.cache(), 0, HexFormat.of().parseHex("cefaad1b"));
    assumeTrue(
        Blkid.recognise(files.cache()).equals(Optional.of("what blkid calls bfs")),
        "blkid is missing, or knows no file system of SCO");
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("holds what blkid calls bfs; ")
        .hasMessageContaining("copy its signature to a file");
  }

  @Test
  void aDeviceThatWasCutIsNotRepaired() throws IOException {
    writeAndClose();
    lose(4096, 4096);
    CacheFiles.setLength(files.cache(), 300L << 20);
    assertThatThrownBy(() -> CacheRepair.open(files.cache()).close())
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("cache_info speaks of 31 segments")
        .hasMessageContaining("has room for 18; they have to agree");
  }

  @Test
  void aDeviceThatHasGrownKeepsItsSegments() throws IOException {
    writeAndClose();
    lose(4096, 4096);
    CacheFiles.setLength(files.cache(), 600L << 20);
    repair();
    checkContent();
  }

  private void repair() {
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.isDamaged()).isTrue();
      repair.apply();
    }
    try (CacheRepair repair = CacheRepair.open(files.cache())) {
      assertThat(repair.isDamaged()).isFalse();
    }
  }
}
