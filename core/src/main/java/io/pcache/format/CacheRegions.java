package io.pcache.format;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/**
 * The bytes of a device that belong to a cache whose superblock may be lost. Clients chose the
 * cached data, so it may look like the signature of anything. There it is no sign of another owner.
 *
 * <p>A cache stands if an intact superblock, cache_info or identity record is there, and an intact
 * segment_info. Its own are the slots with a valid checksum, and the data areas of segments with an
 * intact segment_info. A program that took the device over may have left other segments alone.
 */
public final class CacheRegions {
  private final MemorySegment view;
  private final int segments;
  private final boolean stands;

  private CacheRegions(MemorySegment view) {
    this.view = view;
    this.segments = MediaLayout.segmentsOn(view.byteSize());
    this.stands = hasHead() && IntStream.range(0, segments).anyMatch(this::isRecorded);
  }

  /** Looks at a whole device. */
  public static CacheRegions on(MemorySegment view) {
    return new CacheRegions(view);
  }

  /** Returns whether a cache stands on the device. */
  public boolean areThere() {
    return stands;
  }

  /** Returns whether a range lies wholly in a record or a data area of a cache that stands. */
  public boolean hold(long offsetBytes, long lengthBytes) {
    return stands && (isInHead(offsetBytes, lengthBytes) || isInSegment(offsetBytes, lengthBytes));
  }

  private boolean hasHead() {
    if (segments == 0) {
      return false;
    }
    return Superblock.isIntact(view)
        || isStored(TwoSlotLayout.CACHE_INFO, MediaLayout.CACHE_INFO_OFFSET)
        || hasIdentity();
  }

  private boolean hasIdentity() {
    TwoSlotLayout layout = TwoSlotLayout.IDENTITY;
    long first = MediaLayout.IDENTITY_OFFSET;
    return isIdentity(first) || isIdentity(first + layout.strideBytes());
  }

  private boolean isIdentity(long at) {
    return view.get(LittleEndian.U64, at + TwoSlotLayout.BODY_OFFSET) == Identity.MAGIC
        && TwoSlotLayout.IDENTITY.isIntact(view, at);
  }

  private boolean isRecorded(int physicalSegment) {
    return isStored(TwoSlotLayout.SEGMENT_INFO, MediaLayout.segmentOffset(physicalSegment));
  }

  private boolean isStored(TwoSlotLayout layout, long offsetBytes) {
    return layout.isIntact(view, offsetBytes)
        || layout.isIntact(view, offsetBytes + layout.strideBytes());
  }

  private boolean isInHead(long at, long lengthBytes) {
    return isInSlots(TwoSlotLayout.IDENTITY, MediaLayout.IDENTITY_OFFSET, at, lengthBytes)
        || isInSlots(TwoSlotLayout.BAD_EXTENTS, MediaLayout.BAD_EXTENTS_OFFSET, at, lengthBytes)
        || isInSlots(TwoSlotLayout.CACHE_INFO, MediaLayout.CACHE_INFO_OFFSET, at, lengthBytes)
        || isInSlots(TwoSlotLayout.KEY_TAIL, MediaLayout.KEY_TAIL_OFFSET, at, lengthBytes)
        || isInSlots(TwoSlotLayout.DIRTY_TAIL, MediaLayout.DIRTY_TAIL_OFFSET, at, lengthBytes);
  }

  private boolean isInSegment(long at, long lengthBytes) {
    long number = Math.floorDiv(at - MediaLayout.SEGMENTS_OFFSET, MediaLayout.SEGMENT_BYTES);
    if (number < 0 || number >= segments) {
      return false;
    }
    long start = MediaLayout.segmentOffset((int) number);
    boolean inDataArea =
        at >= start + MediaLayout.SEGMENT_HEADER_BYTES
            && at + lengthBytes <= start + MediaLayout.SEGMENT_BYTES;
    return inDataArea
        ? isRecorded((int) number)
        : isInSlots(TwoSlotLayout.SEGMENT_INFO, start, at, lengthBytes)
            || isInSlots(
                TwoSlotLayout.GENERATION, start + MediaLayout.GENERATION_OFFSET, at, lengthBytes);
  }

  private boolean isInSlots(TwoSlotLayout layout, long offsetBytes, long at, long lengthBytes) {
    return isInSlot(layout, offsetBytes, at, lengthBytes)
        || isInSlot(layout, offsetBytes + layout.strideBytes(), at, lengthBytes);
  }

  private boolean isInSlot(TwoSlotLayout layout, long slot, long at, long lengthBytes) {
    return at >= slot
        && at + lengthBytes <= slot + layout.sizeBytes()
        && layout.isIntact(view, slot);
  }
}
