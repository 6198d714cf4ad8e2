package io.pcache.log;

import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import io.pcache.media.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * Reads the keys that a killed process had staged and that are not in its log. The memory may hold
 * arbitrary bytes, so keys are taken only if all marks and their own check match. Whether a key is
 * possible is not validated here.
 */
public final class StagingReader {
  /** The result of a read. */
  public enum Found {
    /** Keys to be recovered, possibly none. */
    KEYS,
    /** No staged keys of pcache. */
    NOTHING,
    /** Keys of another pcache version, with another layout. */
    OTHER_VERSION,
    /** Keys of another cache, or from before the last boot. */
    OTHER_BOOT,
    /** Keys of a run other than the last. */
    OTHER_RUN,
    /** The log does not end where that run left it. */
    OTHER_LOG
  }

  private final MemorySegment bytes;
  private final Media media;
  private final SegmentChain chain;
  private final int slots;
  private final List<StagedKeys> keys = new ArrayList<>();
  private int damagedKeys;

  /**
   * Creates a reader of {@code memory}, which it does not change.
   *
   * @param media the cache device
   */
  public StagingReader(SharedMemory memory, Media media, SegmentChain chain) {
    this.media = media;
    this.chain = chain;
    this.bytes = memory.bytes().asReadOnly();
    this.slots = StagingLayout.slots(bytes.byteSize());
  }

  /**
   * Reads the staged keys that the log lacks.
   *
   * @param owner the last run of the cache
   * @param head the end of the log
   */
  public Found read(StagingOwner owner, LogAddress head) {
    if (word(StagingLayout.MAGIC_OFFSET) != StagingLayout.MAGIC) {
      return Found.NOTHING;
    }
    if (word(StagingLayout.VERSION_OFFSET) != StagingLayout.versionWord(slots)) {
      return Found.OTHER_VERSION;
    }
    if (!holdsId(StagingLayout.UUID_OFFSET, owner.cache())
        || !holdsId(StagingLayout.BOOT_ID_OFFSET, owner.bootId())) {
      return Found.OTHER_BOOT;
    }
    Found found = readBehind(head);
    boolean isOtherRun = word(StagingLayout.OPENED_OFFSET) != owner.openedEpochMillis();
    if (isOtherRun && found == Found.KEYS && !keys.isEmpty()) {
      keys.clear();
      return Found.OTHER_RUN;
    }
    return found;
  }

  private Found readBehind(LogAddress head) {
    for (int i = 0; i < 2; i++) {
      long at = StagingLayout.headOffset(i);
      if (position(i) == StagingRecord.positionWord(head)) {
        long firstWord = word(at + StagingLayout.HEAD_FIRST_WORD_OFFSET);
        if (firstWord != 0 && !logHas(firstWord, position(1 - i))) {
          return Found.OTHER_LOG;
        }
        readSlots(word(at + StagingLayout.HEAD_BATCH_OFFSET));
        return Found.KEYS;
      }
    }
    return Found.OTHER_LOG;
  }

  private long position(int head) {
    return word(StagingLayout.headOffset(head) + StagingLayout.HEAD_POSITION_OFFSET);
  }

  private boolean logHas(long firstWord, long positionWord) {
    long segment = positionWord >>> Integer.SIZE;
    long offset = positionWord & 0xFFFF_FFFFL;
    return segment < chain.segments()
        && offset <= MediaLayout.DATA_AREA_BYTES - Long.BYTES
        && media.view().get(LittleEndian.U64, chain.dataOffset((int) segment) + offset)
            == firstWord;
  }

  private boolean holdsId(long offset, UUID id) {
    return word(offset) == id.getMostSignificantBits()
        && word(offset + Long.BYTES) == id.getLeastSignificantBits();
  }

  /**
   * Reads the slots that are not in the log, in the order of their sequence numbers. Within a
   * stripe, keys in no batch therefore follow those of a batch.
   */
  private void readSlots(long lastBatch) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < slots; i++) {
      long batch = slotWord(i, StagingLayout.BATCH_OFFSET);
      boolean isInLog =
          lastBatch == StagingRecord.ALL_BATCHES || (batch != 0 && batch <= lastBatch);
      if (!isInLog) {
        found.add(i);
      }
    }
    found.sort(Comparator.comparingLong(slot -> slotWord(slot, StagingLayout.SEQUENCE_OFFSET)));
    found.forEach(this::copySlot);
  }

  private void copySlot(int slot) {
    long count = slotWord(slot, StagingLayout.COUNT_OFFSET);
    if (count <= 0 || count > KeySetRecord.MAX_KEYS) {
      return;
    }
    StagedKeys copy = new StagedKeys();
    Key key = new Key();
    long sequence = slotWord(slot, StagingLayout.SEQUENCE_OFFSET);
    long at = StagingLayout.slotOffset(slot) + StagingLayout.KEYS_OFFSET;
    for (int i = 0; i < count; i++, at += KeyRecord.SIZE_BYTES) {
      key.load(bytes, at);
      int check = bytes.get(LittleEndian.U32, at + KeyRecord.RESERVED_OFFSET);
      if (check == StagedKeyCheck.of(key, sequence)) {
        copy.append(key);
      } else {
        damagedKeys++;
      }
    }
    if (copy.count() > 0) {
      keys.add(copy);
    }
  }

  /** Returns the number of keys that were left out because they were damaged. */
  public int damagedKeys() {
    return damagedKeys;
  }

  /** Returns the keys found; those of each stripe are in the order of staging. */
  public List<StagedKeys> keys() {
    return keys;
  }

  private long slotWord(int slot, int offset) {
    return word(StagingLayout.slotOffset(slot) + offset);
  }

  private long word(long offset) {
    return bytes.get(LittleEndian.U64, offset);
  }
}
