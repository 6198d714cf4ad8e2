package io.pcache.format;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Finds everything on a device that shows that it is, or was, a cache. Traces are the records of
 * the format, whole or damaged, and key sets in the segments. A cache whose superblock was
 * overwritten still holds its data. So code that is about to overwrite a device must check for all
 * traces.
 *
 * <p>A device may be cut short anywhere. Every record that lies before its end counts.
 *
 * <p>A record counts if its checksum is valid. A record that starts with a magic number counts even
 * without a valid checksum. To bound the time on a large device, the search takes evenly spread
 * segments, and only the start of each data area. That suffices, because formatting writes a record
 * into each segment.
 */
public final class CacheTraces {
  /** The maximum number of segments that are searched. */
  static final int MAX_SEGMENTS = 1024;

  /** The maximum number of bytes that are searched for key sets. */
  static final long MAX_SEARCHED_BYTES = 64L << 20;

  private final MemorySegment view;
  private final List<String> found = new ArrayList<>();

  private CacheTraces(MemorySegment view) {
    this.view = view;
  }

  /**
   * Lists the traces on a device, as text for the operator.
   *
   * @param view the device, or its first bytes
   */
  public static List<String> on(MemorySegment view) {
    CacheTraces traces = new CacheTraces(view);
    traces.lookAtHead();
    traces.lookAtSegments();
    return List.copyOf(traces.found);
  }

  /** Describes all traces on a device as part of a sentence; empty if there are none. */
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
        MediaLayout.BAD_EXTENTS_OFFSET,
        BadExtentList.MAGIC);
    lookFor(TwoSlotLayout.CACHE_INFO, MediaLayout.CACHE_INFO_OFFSET);
    lookFor(TwoSlotLayout.KEY_TAIL, MediaLayout.KEY_TAIL_OFFSET);
    lookFor(TwoSlotLayout.DIRTY_TAIL, MediaLayout.DIRTY_TAIL_OFFSET);
  }

  /** Looks for one of pcache's own records, which have a magic number behind their header. */
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

  /** Returns the offsets of the slots that lie on the device. */
  private long[] slots(TwoSlotLayout layout, long offsetBytes) {
    return LongStream.of(offsetBytes, offsetBytes + layout.strideBytes())
        .filter(at -> at + layout.sizeBytes() <= view.byteSize())
        .toArray();
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
