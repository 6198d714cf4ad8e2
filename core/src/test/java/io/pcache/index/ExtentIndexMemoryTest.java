package io.pcache.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import java.lang.reflect.Field;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The promise of memory: what the arrays of an index hold, added up. */
class ExtentIndexMemoryTest {
  private static final int EXTENTS = 1_000_000;
  private static final int EXTENT_BYTES = 4096;
  private static final int ARRAY_HEADER_BYTES = 16;
  private static final int REFERENCE_BYTES = 8;

  private static long heapBytes(ExtentIndex index) throws ReflectiveOperationException {
    long bytes = ARRAY_HEADER_BYTES + ((int[]) field(index, "counts")).length * 4L;
    return bytes + bytesOf(field(index, "subtrees")) + bytesOf(field(index, "sourceKeys"));
  }

  private static Object field(Object index, String name) throws ReflectiveOperationException {
    Field field = index.getClass().getDeclaredField(name);
    field.setAccessible(true);
    Object value = field.get(index);
    return value == null ? new long[0][] : value;
  }

  private static long bytesOf(Object arrays) {
    long bytes = ARRAY_HEADER_BYTES;
    for (long[] array : (long[][]) arrays) {
      bytes += REFERENCE_BYTES + ARRAY_HEADER_BYTES + (long) array.length * Long.BYTES;
    }
    return bytes;
  }

  private static int[] shuffled(long seed) {
    Random random = new Random(seed);
    int[] blocks = new int[EXTENTS];
    for (int i = 0; i < EXTENTS; i++) {
      int j = random.nextInt(i + 1);
      blocks[i] = blocks[j];
      blocks[j] = i;
    }
    return blocks;
  }

  private static void checkBound(ExtentIndex index, long extents, int perExtent, String when)
      throws ReflectiveOperationException {
    assertThat(index.extentCount()).isEqualTo(extents);
    assertThat(heapBytes(index))
        .as("%s: %d extents", when, extents)
        .isLessThanOrEqualTo(perExtent * extents)
        .isLessThanOrEqualTo(index.heapBytes());
  }

  @ParameterizedTest
  @CsvSource({"false, 16", "true, 32"})
  void anExtentTakesNoMoreThanPromisedAsTheIndexFillsAndEmpties(
      boolean withSourceKeys, int perExtent) throws ReflectiveOperationException {
    ExtentIndex index = new ExtentIndex((long) EXTENTS * EXTENT_BYTES, withSourceKeys);
    int[] blocks = shuffled(1);
    for (int i = 0; i < EXTENTS; i++) {
      index.put(
          new Key().range((long) blocks[i] * EXTENT_BYTES, EXTENT_BYTES).place(0, 0).dataCrc(i));
      if (i % 100_000 == 99_999) {
        checkBound(index, i + 1, perExtent, "filling");
      }
    }
    for (int i = 0; i < EXTENTS; i++) {
      Key key = new Key().range((long) blocks[i] * EXTENT_BYTES, EXTENT_BYTES).place(0, 0);
      index.removeKey(key, index.hint(key.offsetBytes()));
      int left = EXTENTS - 1 - i;
      if (left % 50_000 == 0 && left > 0) {
        checkBound(index, left, perExtent, "emptying");
      }
    }
    assertThat(heapBytes(index)).isLessThan(100L * index.subtrees());
    assertThat(index.extentCount()).isZero();
    assertThat(index.subtrees())
        .isEqualTo((int) ((long) EXTENTS * EXTENT_BYTES / MediaLayout.SUBTREE_BYTES) + 1);
  }

  @ParameterizedTest
  @CsvSource({"false, 16", "true, 32"})
  void anIndexThatWasBuiltAtOnceTakesNoMoreThanPromised(boolean withSourceKeys, int perExtent)
      throws ReflectiveOperationException {
    ExtentIndexBuilder builder =
        new ExtentIndexBuilder((long) EXTENTS * EXTENT_BYTES, withSourceKeys, Long.MAX_VALUE);
    ExtentIndexBuilder.Share share = builder.share(0, 1);
    int[] blocks = shuffled(2);
    for (int i = 0; i < EXTENTS; i++) {
      share.put(
          new Key().range((long) blocks[i] * EXTENT_BYTES, EXTENT_BYTES).place(0, 0).dataCrc(i));
      if (i % 100_000 == 99_999) {
        assertThat(bytesOf(field(builder, "entries")))
            .as("%d extents while it is built", i + 1)
            .isLessThanOrEqualTo((long) perExtent * (i + 1));
      }
    }
    share.finish();
    checkBound(builder.build(), EXTENTS, perExtent, "built");
  }
}
