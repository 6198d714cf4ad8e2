package io.pcache.log;

import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.media.OrderedWords;
import io.pcache.media.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;

/**
 * Says in shared memory whose staged keys lie there, and which of them the log has, so that after a
 * kill at any moment no key is lost and none is taken twice:
 *
 * <pre>
 *   the log ends at           │ what became of the batch │ keys to be taken
 *   ──────────────────────────┼──────────────────────────┼──────────────────────────────────────────
 *   the head of batch b − 1   │ b was not published      │ those of batch b, and what is in no batch
 *   the head of batch b       │ it was                   │ what is in no batch
 *   neither                   │                          │ none: somebody else has used the cache
 * </pre>
 *
 * <p>The head of batch b is stored before b is published, in place of that of b − 2. The log then
 * ends at the head of b − 1, so what a kill leaves half done matches nothing. Until b is published
 * its first word stands beside the head: somebody else may append a batch of the same size.
 *
 * <p>Thread-safety: one caller at a time; {@link #invalidate} from any thread.
 */
public final class StagingRecord {
  /** A batch that has all keys, whatever their own batch. */
  static final long ALL_BATCHES = Long.MAX_VALUE;

  private static final long NO_POSITION = -1;

  private final SharedMemory memory;
  private final int slots;
  private long publishedBatch;
  private volatile boolean isRunning;

  /** Speaks of the keys in {@code memory}. Changes nothing. */
  public StagingRecord(SharedMemory memory) {
    this.memory = memory;
    this.slots = StagingLayout.slots(memory.bytes().byteSize());
  }

  /** Whether no run's keys are here. */
  public boolean isEmpty() {
    return word(StagingLayout.MAGIC_OFFSET) != StagingLayout.MAGIC;
  }

  /**
   * Begins a run: from now on keys may be staged. What an earlier run left is gone.
   *
   * @param head where the log ends
   */
  public void begin(StagingOwner owner, LogAddress head) {
    invalidate();
    for (int i = 0; i < slots; i++) {
      clearSlot(StagingLayout.slotOffset(i));
    }
    storeIfOther(StagingLayout.VERSION_OFFSET, StagingLayout.versionWord(slots));
    storeId(StagingLayout.UUID_OFFSET, owner.cache());
    storeId(StagingLayout.BOOT_ID_OFFSET, owner.bootId());
    memory.store(StagingLayout.OPENED_OFFSET, owner.openedEpochMillis());
    publishedBatch = 0;
    storeHead(StagingLayout.headOffset(1), 1, NO_POSITION, 0);
    storeHead(StagingLayout.headOffset(0), 0, positionWord(head), 0);
    memory.store(StagingLayout.MAGIC_OFFSET, StagingLayout.MAGIC);
    isRunning = true;
  }

  private void storeId(long offset, UUID id) {
    storeIfOther(offset, id.getMostSignificantBits());
    storeIfOther(offset + Long.BYTES, id.getLeastSignificantBits());
  }

  private void clearSlot(long slot) {
    storeIfOther(slot + StagingLayout.COUNT_OFFSET, 0);
    storeIfOther(slot + StagingLayout.BATCH_OFFSET, 0);
  }

  private void storeIfOther(long offset, long value) {
    if (word(offset) != value) {
      memory.store(offset, value);
    }
  }

  /** The position comes last: with it the head may match. */
  private void storeHead(long at, long batch, long position, long firstWord) {
    memory.store(at + StagingLayout.HEAD_FIRST_WORD_OFFSET, firstWord);
    memory.store(at + StagingLayout.HEAD_BATCH_OFFSET, batch);
    memory.store(at + StagingLayout.HEAD_POSITION_OFFSET, position);
  }

  /** These keys make up the next batch. */
  public void join(List<StagedKeys> batch) {
    for (StagedKeys keys : batch) {
      keys.join(publishedBatch + 1);
    }
  }

  /**
   * The next batch is about to be published.
   *
   * @param head where the log will end then
   * @param firstWord the first 8 bytes of what will be published
   */
  public void willPublish(LogAddress head, long firstWord) {
    publishedBatch++;
    long at = StagingLayout.headOffset(publishedBatch);
    storeHead(at, publishedBatch, positionWord(head), firstWord);
    OrderedWords.orderStores();
  }

  /** The batch has been published. */
  public void published() {
    confirm(StagingLayout.headOffset(publishedBatch));
  }

  private void confirm(long head) {
    memory.store(head + StagingLayout.HEAD_FIRST_WORD_OFFSET, 0);
  }

  /**
   * One batch with all keys that an earlier run left is about to be published.
   *
   * @param present where the log ends now
   * @param head where the log will end then
   * @param firstWord the first 8 bytes of what will be published
   */
  public void willPublishAll(LogAddress present, LogAddress head, long firstWord) {
    long even = StagingLayout.headOffset(0);
    long odd = StagingLayout.headOffset(1);
    boolean presentIsEven =
        word(even + StagingLayout.HEAD_POSITION_OFFSET) == positionWord(present);
    // The present head was found to be right, which nobody could tell without the other one.
    confirm(presentIsEven ? even : odd);
    storeHead(presentIsEven ? odd : even, ALL_BATCHES, positionWord(head), firstWord);
    OrderedWords.orderStores();
  }

  /** Whether a run has begun here, and its keys are of use. */
  public boolean isRunning() {
    return isRunning;
  }

  /** Nothing here is of any use any more. */
  public void invalidate() {
    isRunning = false;
    storeIfOther(StagingLayout.MAGIC_OFFSET, 0);
  }

  private long word(long offset) {
    return memory.bytes().get(LittleEndian.U64, offset);
  }

  static long positionWord(LogAddress position) {
    return (long) position.cacheSegId() << Integer.SIZE | position.segOffsetBytes();
  }

  /** The memory itself. */
  MemorySegment bytes() {
    return memory.bytes();
  }
}
