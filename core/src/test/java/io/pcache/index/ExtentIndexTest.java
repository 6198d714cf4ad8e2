package io.pcache.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import java.util.BitSet;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtentIndexTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SUBTREE = MediaLayout.SUBTREE_BYTES;
  private static final int SUBTREES = 3;
  private static final int STEPS = 30_000;

  /** What was put, one key at a time: the model's idea of a key, found again by its place. */
  private record ModelKey(
      long offset, int length, int segment, int segOffset, boolean clean, int crc) {}

  /** One array element a sector: the key that it reads from, and whether it is clean by now. */
  private static final class Model {
    private final @Nullable ModelKey[] keys = new @Nullable ModelKey[SUBTREES * SUBTREE / SECTOR];
    private final boolean[] clean = new boolean[keys.length];

    void put(ModelKey key) {
      for (int sector = first(key); sector < past(key); sector++) {
        keys[sector] = key;
        clean[sector] = key.clean();
      }
    }

    void removeKey(ModelKey key) {
      for (int sector = first(key); sector < past(key); sector++) {
        if (key.equals(keys[sector])) {
          keys[sector] = null;
        }
      }
    }

    void markClean(ModelKey key) {
      for (int sector = first(key); sector < past(key); sector++) {
        clean[sector] |= key.equals(keys[sector]);
      }
    }

    private static int first(ModelKey key) {
      return (int) (key.offset() / SECTOR);
    }

    private static int past(ModelKey key) {
      return first(key) + key.length() / SECTOR;
    }
  }

  /** Compares a whole subtree: every extent sector by sector, and no sector missing. */
  private static void compare(
      ExtentIndex index, Model model, int subtree, boolean withSourceKeys, String where) {
    ExtentCursor cursor = new ExtentCursor();
    long at = (long) subtree * SUBTREE;
    long end = at + SUBTREE;
    index.seek(cursor, at);
    for (; cursor.isValid(); cursor.next()) {
      checkMissing(model, at, cursor.offsetBytes(), where);
      checkExtent(model, cursor, withSourceKeys, where);
      at = cursor.endBytes();
    }
    checkMissing(model, at, end, where);
  }

  private static void checkMissing(Model model, long from, long to, String where) {
    for (long at = from; at < to; at += SECTOR) {
      if (model.keys[(int) (at / SECTOR)] != null) {
        throw new AssertionError(where + ": byte " + at + " is missing from the index");
      }
    }
  }

  private static void checkExtent(
      Model model, ExtentCursor cursor, boolean withSourceKeys, String where) {
    for (long at = cursor.offsetBytes(); at < cursor.endBytes(); at += SECTOR) {
      int sector = (int) (at / SECTOR);
      ModelKey key = model.keys[sector];
      long segOffset = cursor.segOffsetBytes() + (at - cursor.offsetBytes());
      boolean same =
          key != null
              && cursor.cacheSegId() == key.segment()
              && segOffset == key.segOffset() + (at - key.offset())
              && cursor.isClean() == model.clean[sector]
              && (!withSourceKeys || matchesSourceKey(cursor, key));
      if (!same) {
        throw new AssertionError(where + ": byte " + at + " should read from " + key);
      }
    }
  }

  private static boolean matchesSourceKey(ExtentCursor cursor, ModelKey key) {
    return cursor.keySegOffsetBytes() == key.segOffset()
        && cursor.keyLengthBytes() == key.length()
        && cursor.keyDataCrc() == key.crc();
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "3, true", "4, true"})
  void anyHistoryLeavesWhatAModelOfSectorsHolds(long seed, boolean withSourceKeys) {
    new History(seed, withSourceKeys).run();
  }

  /** Random changes to index and model alike; keys take bytes of segments that no other has. */
  private static final class History {
    private final long seed;
    private final Random random;
    private final boolean withSourceKeys;
    private final ExtentIndex index;
    private final Model model = new Model();
    private final @Nullable ModelKey[] recent = new @Nullable ModelKey[64];
    private int allocatedSectors;

    History(long seed, boolean withSourceKeys) {
      this.seed = seed;
      this.random = new Random(seed);
      this.withSourceKeys = withSourceKeys;
      this.index = new ExtentIndex((long) SUBTREES * SUBTREE, withSourceKeys);
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        change();
        if (step % 50 == 0) {
          compareAll(step);
        }
      }
      compareAll(STEPS);
    }

    private void compareAll(int step) {
      for (int subtree = 0; subtree < SUBTREES; subtree++) {
        compare(index, model, subtree, withSourceKeys, "seed " + seed + ", step " + step);
      }
    }

    private void change() {
      ModelKey key = recent[random.nextInt(recent.length)];
      int what = random.nextInt(10);
      // Wherever a change begins to look, it finds the same.
      int hint = random.nextInt(-2, 2000);
      if (what < 7 || key == null) {
        put();
      } else if (what < 9) {
        index.removeKey(
            new Key().range(key.offset(), key.length()).place(key.segment(), key.segOffset()),
            hint);
        model.removeKey(key);
      } else {
        index.markKeyClean(
            new Key().range(key.offset(), key.length()).place(key.segment(), key.segOffset()),
            hint);
        model.markClean(key);
      }
    }

    private void put() {
      ModelKey key = newKey();
      index.put(
          new Key()
              .range(key.offset(), key.length())
              .place(key.segment(), key.segOffset())
              .clean(key.clean())
              .dataCrc(key.crc()));
      model.put(key);
      recent[random.nextInt(recent.length)] = key;
    }

    private ModelKey newKey() {
      int sectors = SUBTREE / SECTOR;
      int length = 1 + random.nextInt(random.nextInt(20) == 0 ? sectors : 24);
      int sector = random.nextInt(sectors - length + 1);
      long offset = (long) random.nextInt(SUBTREES) * SUBTREE + (long) sector * SECTOR;
      int areaSectors = MediaLayout.DATA_AREA_BYTES / SECTOR;
      if (allocatedSectors % areaSectors + length > areaSectors) {
        allocatedSectors += areaSectors - allocatedSectors % areaSectors;
      }
      int at = allocatedSectors;
      allocatedSectors += length;
      return new ModelKey(
          offset,
          length * SECTOR,
          at / areaSectors,
          at % areaSectors * SECTOR,
          random.nextBoolean(),
          random.nextInt());
    }
  }

  @Test
  void theLargestValuesSurvivePacking() {
    ExtentIndex index = new ExtentIndex(2L * SUBTREE, true);
    int segment = MediaLayout.MAX_SEGMENTS - 1;
    int segOffset = MediaLayout.DATA_AREA_BYTES - SUBTREE;
    index.put(new Key().range(SUBTREE, SUBTREE).place(segment, segOffset).clean(true).dataCrc(-1));
    ExtentCursor cursor = new ExtentCursor();
    index.seek(cursor, 2L * SUBTREE - SECTOR);
    assertThat(cursor.isValid()).isTrue();
    assertThat(cursor.offsetBytes()).isEqualTo(SUBTREE);
    assertThat(cursor.endBytes()).isEqualTo(2L * SUBTREE);
    assertThat(cursor.cacheSegId()).isEqualTo(segment);
    assertThat(cursor.segOffsetBytes()).isEqualTo(segOffset);
    assertThat(cursor.isClean()).isTrue();
    assertThat(cursor.keySegOffsetBytes()).isEqualTo(segOffset);
    assertThat(cursor.keyLengthBytes()).isEqualTo(SUBTREE);
    assertThat(cursor.keyDataCrc()).isEqualTo(-1);
  }

  @Test
  void anExtentAcrossASubtreesBoundaryIsABug() {
    ExtentIndex index = new ExtentIndex(2L * SUBTREE, false);
    assertThatThrownBy(() -> index.put(new Key().range(SUBTREE - SECTOR, 2 * SECTOR).place(0, 0)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("stays inside its subtree");
  }

  @Test
  void aDeviceThatEndsInsideASubtreeHasThatSubtree() {
    assertThat(new ExtentIndex(SUBTREE + SECTOR, false).subtrees()).isEqualTo(2);
    assertThat(new ExtentIndex(SUBTREE, false).subtrees()).isEqualTo(1);
  }

  /** Clusters of single sectors, from a lone one to a full subtree. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 5", "3, 60", "4, 900", "5, 8192"})
  void aSearchFindsItsPlaceHoweverUnevenlyExtentsLie(long seed, int clusterSectors) {
    Random random = new Random(seed);
    for (int round = 0; round < 30; round++) {
      ExtentIndex index = new ExtentIndex(SUBTREE, false);
      BitSet held = new BitSet(SUBTREE / SECTOR);
      for (int cluster = 0; cluster <= round % 3; cluster++) {
        int from = random.nextInt(SUBTREE / SECTOR - clusterSectors + 1);
        for (int i = 0; i < clusterSectors; i++) {
          int sector = from + random.nextInt(clusterSectors);
          index.put(new Key().range((long) sector * SECTOR, SECTOR).place(0, 0));
          held.set(sector);
        }
      }
      checkSearches(index, held, "seed " + seed + ", round " + round);
    }
  }

  private static void checkSearches(ExtentIndex index, BitSet held, String where) {
    ExtentCursor cursor = new ExtentCursor();
    assertThat(index.extentCount()).as(where).isEqualTo(held.cardinality());
    for (int sector = 0; sector < SUBTREE / SECTOR; sector++) {
      index.seek(cursor, (long) sector * SECTOR);
      long found = cursor.isValid() ? cursor.offsetBytes() / SECTOR : -1;
      assertThat(found).as("%s, sector %d", where, sector).isEqualTo(held.nextSetBit(sector));
    }
  }
}
