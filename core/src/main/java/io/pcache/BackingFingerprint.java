package io.pcache;

import io.pcache.backing.BackingStore;
import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.format.CacheTraces;
import io.pcache.format.Checksum;
import io.pcache.format.Identity;
import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Identifies a backing device by the contents of some of its sectors. Some are at offsets where
 * partition tables and file systems keep unique data. The others are spread over the device. Two
 * empty devices of one size look the same, and are interchangeable.
 */
final class BackingFingerprint {
  private static final long[] TELLING_SECTORS = {0, 1, 2, 8, 16, 64, 128, 2048, 2050};

  private BackingFingerprint() {}

  /**
   * Returns the number of sampled sector {@code i}, 0 to {@link Identity#SAMPLES} − 1, on a device
   * of a given number of sectors.
   */
  static long sector(int i, long sectors) {
    if (i < TELLING_SECTORS.length) {
      return Math.min(TELLING_SECTORS[i], sectors - 1);
    }
    // The last sector, and others at even distances before it.
    long step = sectors / (Identity.SAMPLES - TELLING_SECTORS.length);
    return sectors - 1 - (i - TELLING_SECTORS.length) * step;
  }

  /** Returns the numbers of all sampled sectors of a device. */
  static long[] sectors(long deviceBytes) {
    long[] sectors = new long[Identity.SAMPLES];
    Arrays.setAll(sectors, i -> sector(i, deviceBytes / BlockDevice.SECTOR_BYTES));
    return sectors;
  }

  /**
   * Returns a mask of the samples that a range of the device covers.
   *
   * @param sectors the result of {@link #sectors} for the device
   */
  static long covered(long offsetBytes, long lengthBytes, long[] sectors) {
    long mask = 0;
    long first = offsetBytes / BlockDevice.SECTOR_BYTES;
    long past = (offsetBytes + lengthBytes) / BlockDevice.SECTOR_BYTES;
    for (int i = 0; i < sectors.length; i++) {
      if (sectors[i] >= first && sectors[i] < past) {
        mask |= 1L << i;
      }
    }
    return mask;
  }

  /** Reads the samples. Blocks. */
  static List<Integer> take(BackingStore store) {
    List<Integer> samples = new ArrayList<>(Identity.SAMPLES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sector = arena.allocate(BlockDevice.SECTOR_BYTES, BlockDevice.SECTOR_BYTES);
      for (int i = 0; i < Identity.SAMPLES; i++) {
        long number = sector(i, store.sizeBytes() / BlockDevice.SECTOR_BYTES);
        store.read(List.of(sector), number * BlockDevice.SECTOR_BYTES);
        samples.add(Checksum.of(sector, 0, BlockDevice.SECTOR_BYTES));
      }
    } catch (IOException e) {
      throw unreadable(store, e);
    }
    return samples;
  }

  /**
   * Flushes the device, then reads the samples. A killed process, or a write-back that a close cut
   * short, may have left unflushed writes. With the flush the samples match what the device holds
   * after a power cut. Blocks.
   */
  static List<Integer> takeDurable(BackingStore store) {
    try {
      store.flush();
    } catch (IOException e) {
      throw new BackingFailureException(
          store.name() + ": cannot flush it: " + e.getMessage() + "; check the device", e);
    }
    return take(store);
  }

  /** Returns whether a device starts with traces of a cache. Blocks. */
  static boolean holdsCache(BackingStore store) {
    long headBytes = Math.min(store.sizeBytes(), MediaLayout.SEGMENTS_OFFSET);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(headBytes, BlockDevice.SECTOR_BYTES);
      store.read(List.of(head), 0);
      return !CacheTraces.on(head).isEmpty();
    } catch (IOException e) {
      throw unreadable(store, e);
    }
  }

  private static BackingFailureException unreadable(BackingStore store, IOException cause) {
    return new BackingFailureException(
        store.name()
            + ": cannot read the sectors that tell which device it is: "
            + cause.getMessage(),
        cause);
  }

  /** Returns a mask of the samples that count and differ. */
  static long differing(Identity identity, List<Integer> found) {
    long mask = 0;
    for (int i = 0; i < found.size(); i++) {
      boolean counts = ((identity.sampleMask() >>> i) & 1) != 0;
      if (counts && !identity.samples().get(i).equals(found.get(i))) {
        mask |= 1L << i;
      }
    }
    return mask;
  }
}
