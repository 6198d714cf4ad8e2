package io.pcache.testkit.simulation;

import io.pcache.block.BlockDevice;
import io.pcache.format.LogAddress;
import io.pcache.testkit.LogImage;
import io.pcache.testkit.SectorContent;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The second oracle: every key set that was published, in order, with what it wrote into content
 * sectors, read from the cache device by itself. It tells whether a backing device is a past state
 * of the log: all key sets up to some point, and any part of the one after it.
 *
 * <p>Key sets are numbered through from 0; −1 stands for what was there before the first.
 *
 * <p>Thread-safety: none.
 */
final class LogHistory {
  /** What content sectors were given, in order of the log. */
  private static final class Writes {
    private int[] keySets = new int[4];
    private int[] ids = new int[4];
    private int count;

    void add(int keySet, int id) {
      if (count == ids.length) {
        keySets = Arrays.copyOf(keySets, 2 * count);
        ids = Arrays.copyOf(ids, 2 * count);
      }
      keySets[count] = keySet;
      ids[count++] = id;
    }

    Writes copy() {
      Writes copy = new Writes();
      copy.keySets = keySets.clone();
      copy.ids = ids.clone();
      copy.count = count;
      return copy;
    }

    void dropFrom(int keySet) {
      while (count > 0 && keySets[count - 1] >= keySet) {
        count--;
      }
    }

    /** Whether a sector may hold {@code id} when key sets up to {@code point} are all there. */
    boolean allows(int id, int point) {
      int i = count - 1;
      while (i > 0 && keySets[i] > point + 1) {
        i--;
      }
      for (; keySets[i] == point + 1; i--) {
        if (ids[i] == id) {
          return true;
        }
      }
      return ids[i] == id;
    }
  }

  private final List<LogAddress> starts;
  private final Writes[] writes;
  private LogAddress head;

  /** A log that begins at a position, on a device of zeroes. */
  LogHistory(LogAddress begin) {
    starts = new ArrayList<>();
    writes = new Writes[ContentMap.SECTORS];
    head = begin;
    for (int i = 0; i < writes.length; i++) {
      writes[i] = new Writes();
      writes[i].add(-1, SectorContent.ZERO_ID);
    }
  }

  private LogHistory(LogHistory other) {
    starts = new ArrayList<>(other.starts);
    head = other.head;
    writes = new Writes[other.writes.length];
    for (int i = 0; i < writes.length; i++) {
      writes[i] = other.writes[i].copy();
    }
  }

  LogHistory copy() {
    return new LogHistory(this);
  }

  /** How many key sets there were. */
  int size() {
    return starts.size();
  }

  LogAddress head() {
    return head;
  }

  /** Where a key set begins; that after the last is where the log ends. */
  LogAddress start(int keySet) {
    return keySet == starts.size() ? head : starts.get(keySet);
  }

  /** The segments that hold the log, and some that held it. */
  BitSet segments() {
    BitSet segments = new BitSet();
    segments.set(head.cacheSegId());
    for (LogAddress start : starts) {
      segments.set(start.cacheSegId());
    }
    return segments;
  }

  /** The newest key set that begins at a position, or the end; −1 where there is none. */
  int indexOf(LogAddress position) {
    int i = starts.size();
    while (i >= 0 && !start(i).equals(position)) {
      i--;
    }
    return i;
  }

  /** Takes note of what was published since the last time. */
  void follow(LogImage image, MemorySegment media) {
    while (image.read(head)) {
      for (int i = 0; i < image.keys(); i++) {
        if (!image.isClean(i) && image.segmentGeneration(i) >= image.generation(image.segment(i))) {
          noteKey(image, i, media);
        }
      }
      starts.add(head);
      head = image.after(head);
    }
  }

  private void noteKey(LogImage image, int key, MemorySegment media) {
    long from = image.off(key) / BlockDevice.SECTOR_BYTES;
    long data = LogImage.dataOffset(image.segment(key), image.segmentOffset(key));
    if (image.off(key) >= ContentMap.FILLER_OFFSET) {
      return;
    }
    int sectors = image.len(key) / BlockDevice.SECTOR_BYTES;
    for (int i = 0; i < sectors; i++) {
      int number = ContentMap.number(from + i);
      if (number >= 0) {
        long at = data + (long) i * BlockDevice.SECTOR_BYTES;
        writes[number].add(starts.size(), SectorContent.idAt(media, at, from + i));
      }
    }
  }

  /** A crash cut the log off: what lay beyond its end is gone. */
  void cutTo(LogAddress end) {
    int index = indexOf(end);
    if (index < 0) {
      throw new BrokenPromise(
          "the log ends at %s, which is not where a key set began or the log ended".formatted(end));
    }
    for (Writes list : writes) {
      list.dropFrom(index);
    }
    starts.subList(index, starts.size()).clear();
    head = end;
  }

  /** The log goes on elsewhere, with nothing in it: all of it is on the backing device. */
  void jumpTo(LogAddress begin) {
    for (Writes list : writes) {
      int id = list.ids[list.count - 1];
      list.count = 0;
      list.add(-1, id);
    }
    starts.clear();
    head = begin;
  }

  /**
   * Checks that content is a past state of the log.
   *
   * @param ids what the content sectors of a backing device hold
   * @param end how many key sets the log has; it may be cut short after a crash
   */
  void checkIsPastState(int[] ids, int end) {
    for (int point = end - 1; point >= -1; point--) {
      if (isStateAfter(ids, point)) {
        return;
      }
    }
    throw new BrokenPromise(
        "the backing device is no past state of the log of %d key sets: %s"
            .formatted(end, describe(ids, end)));
  }

  private boolean isStateAfter(int[] ids, int point) {
    for (int i = 0; i < ids.length; i++) {
      if (!writes[i].allows(ids[i], point)) {
        return false;
      }
    }
    return true;
  }

  private String describe(int[] ids, int end) {
    int bestPoint = -1;
    int bestWrong = Integer.MAX_VALUE;
    StringBuilder best = new StringBuilder();
    for (int point = end - 1; point >= -1; point--) {
      StringBuilder text = new StringBuilder();
      int wrong = 0;
      for (int i = 0; i < ids.length; i++) {
        if (!writes[i].allows(ids[i], point)) {
          wrong++;
          text.append(" sector ").append(ContentMap.deviceSector(i)).append(" has ").append(ids[i]);
        }
      }
      if (wrong < bestWrong) {
        bestWrong = wrong;
        bestPoint = point;
        best = text;
      }
    }
    return "nearest is that after key set " + bestPoint + ", but" + best;
  }
}
