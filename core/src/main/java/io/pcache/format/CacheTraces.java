package io.pcache.format;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything on a device that says that it is, or was, a cache: each record of the format, whole or
 * damaged, and key sets in its segments. A cache whose superblock was overwritten still holds its
 * data, so whoever is about to overwrite a device asks here and not for the superblock alone.
 *
 * <p>A record counts where its checksum fits; one that begins with a magic number counts without.
 * Of a large device evenly spread segments are looked at, and the beginning of each one's data
 * area, so that the time it takes is bounded: formatting writes a record into each segment.
 */
public final class CacheTraces {
  /** The most segments that are looked at. */
  static final int MAX_SEGMENTS = 1024;

  /** The most bytes that are searched for key sets. */
  static final long MAX_SEARCHED_BYTES = 64L << 20;

  private final MemorySegment view;
  private final List<String> found = new ArrayList<>();

  private CacheTraces(MemorySegment view) {
    this.view = view;
  }

  /**
   * Lists the traces on a device, in words.
   *
   * @param view the device, or its first bytes
   */
  public static List<String> on(MemorySegment view) {
    CacheTraces traces = new CacheTraces(view);
    if (view.byteSize() >= MediaLayout.SEGMENTS_OFFSET) {
      traces.lookAtHead();
      traces.lookAtSegments();
    }
    return List.copyOf(traces.found);
  }

  /** All traces on a device as a part of a sentence; empty where there are none. */
  public static Optional<String> describe(MemorySegment view) {
    List<String> traces = on(view);
    if (traces.isEmpty()) {
      return Optional.empty();
    }
    String what = Superblock.isIntact(view) ? "a pcache cache" : "what is left of a pcache cache";
    return Optional.of("%s (%s)".formatted(what, String.join(", ", traces)));
  }

  private void lookAtHead() {
    if (Superblock.isPresent(view)) {
      found.add(Superblock.isIntact(view) ? "superblock" : "damaged superblock");
    }
    lookForOurs(
        "identity record", TwoSlotLayout.IDENTITY, MediaLayout.IDENTITY_OFFSET, Identity.MAGIC);
    lookForOurs(
        "list of bad extents",
        TwoSlotLayout.BAD_EXTENTS,
        BadExtentList.OFFSET,
        BadExtentList.MAGIC);
    lookFor(TwoSlotLayout.CACHE_INFO, MediaLayout.CACHE_INFO_OFFSET);
    lookFor(TwoSlotLayout.KEY_TAIL, MediaLayout.KEY_TAIL_OFFSET);
    lookFor(TwoSlotLayout.DIRTY_TAIL, MediaLayout.DIRTY_TAIL_OFFSET);
  }

  /** Our own records have a magic number behind their header. */
  private void lookForOurs(String name, TwoSlotLayout layout, long offsetBytes, long magic) {
    boolean present = false;
    boolean intact = false;
    for (long at : slots(layout, offsetBytes)) {
      boolean hasMagic = view.get(LittleEndian.U64, at + TwoSlotLayout.BODY_OFFSET) == magic;
      present |= hasMagic;
      intact |= hasMagic && layout.isIntact(view, at);
    }
    if (present) {
      found.add(intact ? name : "damaged " + name);
    }
  }

  private void lookFor(TwoSlotLayout layout, long offsetBytes) {
    if (isThere(layout, offsetBytes)) {
      found.add(layout.name());
    }
  }

  private boolean isThere(TwoSlotLayout layout, long offsetBytes) {
    for (long at : slots(layout, offsetBytes)) {
      if (layout.isIntact(view, at)) {
        return true;
      }
    }
    return false;
  }

  private static long[] slots(TwoSlotLayout layout, long offsetBytes) {
    return new long[] {offsetBytes, offsetBytes + layout.strideBytes()};
  }

  private void lookAtSegments() {
    int segments = MediaLayout.segmentsOn(view.byteSize());
    int looked = Math.min(segments, MAX_SEGMENTS);
    int infos = 0;
    int generations = 0;
    int logs = 0;
    for (int i = 0; i < looked; i++) {
      long at = MediaLayout.segmentOffset((int) ((long) i * segments / looked));
      infos += isThere(TwoSlotLayout.SEGMENT_INFO, at) ? 1 : 0;
      generations += isThere(TwoSlotLayout.GENERATION, at + MediaLayout.GENERATION_OFFSET) ? 1 : 0;
      logs +=
          holdsKeySet(at + MediaLayout.SEGMENT_HEADER_BYTES, MAX_SEARCHED_BYTES / looked) ? 1 : 0;
    }
    addCount("segment_info of", infos);
    addCount("generation of", generations);
    addCount("key sets in", logs);
  }

  private void addCount(String what, int segments) {
    if (segments > 0) {
      found.add("%s %d %s".formatted(what, segments, segments == 1 ? "segment" : "segments"));
    }
  }

  private boolean holdsKeySet(long dataOffset, long searchedBytes) {
    long end = dataOffset + MediaLayout.DATA_AREA_BYTES;
    long last = Math.min(dataOffset + searchedBytes, end) - KeySetRecord.HEADER_BYTES;
    for (long at = dataOffset; at <= last; at += Long.BYTES) {
      if (KeySetRecord.isValid(view, at, end - at)) {
        return true;
      }
    }
    return false;
  }
}
