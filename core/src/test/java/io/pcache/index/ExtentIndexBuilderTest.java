package io.pcache.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtentIndexBuilderTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SUBTREE = MediaLayout.SUBTREE_BYTES;
  private static final int SUBTREE_SECTORS = SUBTREE / SECTOR;
  private static final int SUBTREES = 40;
  private static final long DEVICE_BYTES = (long) SUBTREES * SUBTREE;

  private static void compare(ExtentIndex built, ExtentIndex expected, String where) {
    ExtentCursor a = new ExtentCursor();
    ExtentCursor b = new ExtentCursor();
    for (int subtree = 0; subtree < SUBTREES; subtree++) {
      built.seek(a, (long) subtree * SUBTREE);
      expected.seek(b, (long) subtree * SUBTREE);
      while (a.isValid() && b.isValid()) {
        if (!same(a, b)) {
          throw new AssertionError(
              where + ": bytes " + a.offsetBytes() + " and " + b.offsetBytes() + " differ");
        }
        a.next();
        b.next();
      }
      assertThat(a.isValid()).as(where).isEqualTo(b.isValid());
    }
    assertThat(built.extentCount()).as(where).isEqualTo(expected.extentCount());
  }

  private static boolean same(ExtentCursor a, ExtentCursor b) {
    return a.offsetBytes() == b.offsetBytes()
        && a.endBytes() == b.endBytes()
        && a.cacheSegId() == b.cacheSegId()
        && a.segOffsetBytes() == b.segOffsetBytes()
        && a.isClean() == b.isClean()
        && a.keySegOffsetBytes() == b.keySegOffsetBytes()
        && a.keyLengthBytes() == b.keyLengthBytes()
        && a.keyDataCrc() == b.keyDataCrc();
  }

  /** The same random changes to shares of a builder and, one at a time, to an index. */
  private static final class History {
    private final Random random;
    private final ExtentIndex expected;
    private final ExtentIndexBuilder builder;
    private final ExtentIndexBuilder.Share[] shares;
    private final int busySubtrees;
    private final int maxSectors;

    History(long seed, boolean withSourceKeys, int shareCount, int busySubtrees, int maxSectors) {
      this.random = new Random(seed);
      this.expected = new ExtentIndex(DEVICE_BYTES, withSourceKeys);
      this.builder = new ExtentIndexBuilder(DEVICE_BYTES, withSourceKeys, Long.MAX_VALUE);
      this.shares = new ExtentIndexBuilder.Share[shareCount];
      this.busySubtrees = busySubtrees;
      this.maxSectors = maxSectors;
      for (int i = 0; i < shareCount; i++) {
        shares[i] = builder.share(i, shareCount);
      }
    }

    void change() {
      int length = 1 + random.nextInt(random.nextInt(100) == 0 ? SUBTREE_SECTORS : maxSectors);
      int sector = random.nextInt(SUBTREE_SECTORS - length + 1);
      int subtree = random.nextInt(busySubtrees) * (SUBTREES / busySubtrees);
      long offset = (long) subtree * SUBTREE + (long) sector * SECTOR;
      if (random.nextInt(8) == 0) {
        Removal.remove(expected, offset, length * SECTOR);
        shareOf(offset).removeRange(offset, length * SECTOR);
        return;
      }
      int segment = random.nextInt(MediaLayout.MAX_SEGMENTS);
      int segOffset = random.nextInt(MediaLayout.DATA_AREA_BYTES / SECTOR - length + 1) * SECTOR;
      boolean clean = random.nextBoolean();
      int crc = random.nextInt();
      expected.put(
          new Key()
              .range(offset, length * SECTOR)
              .place(segment, segOffset)
              .clean(clean)
              .dataCrc(crc));
      shareOf(offset)
          .put(
              new Key()
                  .range(offset, length * SECTOR)
                  .place(segment, segOffset)
                  .clean(clean)
                  .dataCrc(crc));
    }

    private ExtentIndexBuilder.Share shareOf(long offset) {
      ExtentIndexBuilder.Share found = null;
      for (ExtentIndexBuilder.Share share : shares) {
        if (share.holds(offset)) {
          assertThat(found).as("only one share holds a byte").isNull();
          found = share;
        }
      }
      if (found == null) {
        throw new AssertionError("no share holds byte " + offset);
      }
      return found;
    }

    void finish(String where) {
      for (ExtentIndexBuilder.Share share : shares) {
        share.finish();
      }
      compare(builder.build(), expected, where);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, false, 1, 3, 8",
    "2, true, 1, 2, 64",
    "3, false, 2, 40, 16",
    "4, true, 3, 20, 1",
    "5, false, 5, 2, 1"
  })
  void anyHistoryLeavesWhatOneChangeAtATimeLeaves(
      long seed, boolean withSourceKeys, int shares, int busySubtrees, int maxSectors) {
    for (int changes = 0; changes <= 60_000; changes = changes * 3 + 1) {
      History history = new History(seed, withSourceKeys, shares, busySubtrees, maxSectors);
      for (int i = 0; i < changes; i++) {
        history.change();
      }
      history.finish("seed " + seed + ", " + changes + " changes");
    }
  }

  @Test
  void aSubtreeOfSingleSectorsIsFull() {
    ExtentIndexBuilder builder = new ExtentIndexBuilder(DEVICE_BYTES, true, Long.MAX_VALUE);
    ExtentIndexBuilder.Share share = builder.share(0, 1);
    ExtentIndex expected = new ExtentIndex(DEVICE_BYTES, true);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < SUBTREE_SECTORS; i++) {
        // Neither neighbours in the device nor in the segment.
        int sector = i * 5 % SUBTREE_SECTORS;
        share.put(
            new Key().range((long) sector * SECTOR, SECTOR).place(round, i * SECTOR).dataCrc(i));
        expected.put(
            new Key().range((long) sector * SECTOR, SECTOR).place(round, i * SECTOR).dataCrc(i));
      }
    }
    share.finish();
    ExtentIndex built = builder.build();
    assertThat(built.extentCount()).isEqualTo(SUBTREE_SECTORS);
    compare(built, expected, "single sectors");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSparseIndexIsBuiltWithinWhatItTakesInTheEnd(boolean withSourceKeys)
      throws ReflectiveOperationException {
    ExtentIndex expected = new ExtentIndex(DEVICE_BYTES, withSourceKeys);
    for (int subtree = 0; subtree < SUBTREES; subtree++) {
      expected.put(new Key().range((long) subtree * SUBTREE, SECTOR).place(0, 0));
    }
    ExtentIndexBuilder builder =
        new ExtentIndexBuilder(DEVICE_BYTES, withSourceKeys, expected.heapBytes());
    ExtentIndexBuilder.Share share = builder.share(0, 1);
    for (int subtree = 0; subtree < SUBTREES; subtree++) {
      share.put(new Key().range((long) subtree * SUBTREE, SECTOR).place(0, 0));
    }
    var field = ExtentIndexBuilder.class.getDeclaredField("entries");
    field.setAccessible(true);
    long bytes = ExtentIndex.emptyHeapBytes(DEVICE_BYTES, withSourceKeys);
    for (long[] entries : (long[][]) field.get(builder)) {
      bytes += 16 + (long) entries.length * Long.BYTES;
    }
    assertThat(bytes).isLessThanOrEqualTo(expected.heapBytes());
    share.finish();
    assertThat(builder.build().heapBytes()).isEqualTo(expected.heapBytes());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theMostThatExtentsTakeHoldsForSparseOnes(boolean withSourceKeys) {
    ExtentIndex index = new ExtentIndex(DEVICE_BYTES, withSourceKeys);
    for (int extents = 1; extents <= 9 * SUBTREES; extents++) {
      int number = extents - 1;
      long offset = (long) (number % SUBTREES) * SUBTREE + number / SUBTREES * 2L * SECTOR;
      index.put(new Key().range(offset, SECTOR).place(0, 0));
      assertThat(index.heapBytes())
          .isLessThanOrEqualTo(ExtentIndex.maxHeapBytes(DEVICE_BYTES, withSourceKeys, extents));
    }
  }

  @Test
  void whatIsBuiltGoesOnAsAnyIndex() {
    ExtentIndexBuilder builder = new ExtentIndexBuilder(DEVICE_BYTES, false, Long.MAX_VALUE);
    ExtentIndexBuilder.Share share = builder.share(0, 1);
    share.put(new Key().range(SECTOR, 3 * SECTOR).place(7, 0));
    share.finish();
    ExtentIndex built = builder.build();
    built.put(new Key().range(2L * SECTOR, SECTOR).place(8, 0));
    Removal.remove(built, 3L * SUBTREE, SECTOR);
    assertThat(built.extentCount()).isEqualTo(3);
  }

  @Test
  void anExtentAcrossASubtreesBoundaryIsABug() {
    ExtentIndexBuilder.Share share =
        new ExtentIndexBuilder(DEVICE_BYTES, false, Long.MAX_VALUE).share(0, 1);
    assertThatThrownBy(() -> share.put(new Key().range(SUBTREE - SECTOR, 2 * SECTOR).place(0, 0)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("stays inside its subtree");
  }
}
