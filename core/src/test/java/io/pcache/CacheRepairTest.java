package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.DeviceInUseException;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogPosition;
import io.pcache.format.MediaLayout;
import io.pcache.format.TailPosition;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
      assertThat(repair.describe()).contains("intact from 0:0 to 0:256");
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
      assertThat(repair.describe()).contains("breaks off at 0:128").contains("1 intact key sets");
      assertThat(repair.describe()).contains("with 1 keys");
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
      TailPosition.dirtyTail(media, 31).storeDurably(new LogPosition(0, 0));
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
      for (int i = 0; i < KEY_SETS; i++) {
        assertThat(CacheFiles.read(cache, i * 4096L)).containsOnly(i + 1);
      }
      assertThat(cache.status().keyTail()).isEqualTo(cache.status().dirtyTail());
    }
  }

  @Test
  void aCacheThatIsOpenIsNotRepaired() {
    try (Pcache _ = files.open()) {
      assertThatThrownBy(() -> CacheRepair.open(files.cache()))
          .isInstanceOf(DeviceInUseException.class);
    }
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
