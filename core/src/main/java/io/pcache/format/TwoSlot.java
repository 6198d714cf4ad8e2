package io.pcache.format;

import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A record that is stored twice, so that a crash during an update leaves the other copy.
 *
 * <p>Invariants: the newest valid copy is never overwritten. An update is durable before {@link
 * #storeDurably} returns. So once the record was stored, at least one slot always holds a durable
 * valid copy. The newest slot is determined from the media at every update and never remembered. So
 * neither a reload nor bit rot can direct an update to the wrong slot.
 *
 * <p>Thread-safety: loads from any thread; one writer per record at a time.
 */
public final class TwoSlot {
  private static final int NONE = -1;

  private final Media media;
  private final TwoSlotLayout layout;
  private final long offsetBytes;

  /**
   * Describes a record on media. Nothing is read yet.
   *
   * @param offsetBytes offset of the first slot
   */
  public TwoSlot(Media media, TwoSlotLayout layout, long offsetBytes) {
    this.media = media;
    this.layout = layout;
    this.offsetBytes = offsetBytes;
  }

  /**
   * Returns a private copy of the newest valid slot, including its header; empty if no slot is
   * valid.
   */
  public Optional<MemorySegment> load() {
    MemorySegment first = copyOf(0);
    MemorySegment second = copyOf(1);
    int newest = newest(first, second);
    return newest == NONE ? Optional.empty() : Optional.of(newest == 0 ? first : second);
  }

  /**
   * Returns whether one slot is valid and the other, which must have been written before, is not.
   * Both slots have been written once the sequence number reaches 2.
   */
  public boolean hasLostACopy() {
    return hasOneCopy()
        && load().filter(copy -> Byte.toUnsignedInt((byte) seqOf(copy)) >= 2).isPresent();
  }

  /** Returns whether exactly one slot is valid. It need not be the one that was written last. */
  public boolean hasOneCopy() {
    return layout.isIntact(copyOf(0), 0) != layout.isIntact(copyOf(1), 0);
  }

  /** Writes a new copy and syncs. This fills in the header's crc, seq and version. */
  public void storeDurably(MemorySegment record) {
    store(record);
    media.sync();
  }

  /** Like {@link #storeDurably}, but with {@link Media#syncWithOthers}. */
  public void storeDurablyWithOthers(MemorySegment record) {
    store(record);
    media.syncWithOthers();
  }

  /**
   * Writes a new copy into the slot that is not the newest, without a sync. Updates of several
   * records can so share one sync. The same record must not be stored again before that sync.
   */
  public void store(MemorySegment record) {
    MemorySegment first = copyOf(0);
    MemorySegment second = copyOf(1);
    int newest = newest(first, second);
    int seq = newest == NONE ? 0 : seqOf(newest == 0 ? first : second) + 1;
    record.set(ValueLayout.JAVA_BYTE, TwoSlotLayout.SEQ_OFFSET, (byte) seq);
    record.set(ValueLayout.JAVA_BYTE, TwoSlotLayout.VERSION_OFFSET, (byte) 0);
    record.set(LittleEndian.U16, TwoSlotLayout.VERSION_OFFSET + 1, (short) 0);
    record.set(LittleEndian.U32, TwoSlotLayout.CRC_OFFSET, layout.checksum(record, 0));
    int target = newest == 0 ? 1 : 0;
    media.write(slotOffset(target), record, 0, layout.sizeBytes());
  }

  /** Returns an empty record of the right size, for the caller to fill and store. */
  public MemorySegment newRecord() {
    return MemorySegment.ofArray(new long[layout.sizeBytes() / Long.BYTES]);
  }

  /** Makes both slots invalid, for formatting. Not synced. */
  public void erase() {
    media.zero(slotOffset(0), layout.sizeBytes());
    media.zero(slotOffset(1), layout.sizeBytes());
  }

  /** Makes both slots, as an earlier process left them, durable with the next sync. */
  public void inherit() {
    media.inherit(slotOffset(0), layout.sizeBytes());
    media.inherit(slotOffset(1), layout.sizeBytes());
  }

  private long slotOffset(int slot) {
    return offsetBytes + (long) slot * layout.strideBytes();
  }

  private MemorySegment copyOf(int slot) {
    MemorySegment copy = newRecord();
    MemorySegment.copy(media.view(), slotOffset(slot), copy, 0, layout.sizeBytes());
    return copy;
  }

  private int newest(MemorySegment first, MemorySegment second) {
    boolean firstValid = layout.isIntact(first, 0);
    boolean secondValid = layout.isIntact(second, 0);
    if (firstValid && secondValid) {
      return (byte) (seqOf(second) - seqOf(first)) > 0 ? 1 : 0;
    }
    if (firstValid) {
      return 0;
    }
    return secondValid ? 1 : NONE;
  }

  private static int seqOf(MemorySegment record) {
    return record.get(ValueLayout.JAVA_BYTE, TwoSlotLayout.SEQ_OFFSET);
  }
}
