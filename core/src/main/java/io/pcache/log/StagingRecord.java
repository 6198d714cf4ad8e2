package io.pcache.log;

import io.pcache.format.LogAddress;
import io.pcache.media.OrderedWords;
import io.pcache.media.SharedMemory;
import java.util.List;
import java.util.UUID;

/**
 * Records in shared memory which run staged the keys there, and which of them are in the log. After
 * a kill at any moment, no key is lost and none is taken twice:
 *
 * <pre>
 *   end of the log            │ state of batch b         │ keys to be taken
 *   ──────────────────────────┼──────────────────────────┼──────────────────────────────────────────
 *   the head of batch b − 1   │ not published            │ those of batch b, and those in no batch
 *   the head of batch b       │ published                │ those in no batch
 *   neither                   │                          │ none: another program has used the cache
 * </pre>
 *
 * <p>The head of batch b is stored before b is published, over that of b − 2. The log then still
 * ends at the head of b − 1. So a head that a kill leaves half written matches nothing. Until b is
 * published, its first word is stored beside the head. Another program may append a batch of the
 * same size, and the word tells the two apart.
 *
 * <p>Thread-safety: one caller at a time; {@link #invalidate} from any thread.
 */
public final class StagingRecord {
  /** A batch number that covers the keys of every batch. */
  static final long ALL_BATCHES = Long.MAX_VALUE;

  private static final long NO_POSITION = -1;

  private final SharedMemory memory;
  private final int slots;
  private long publishedBatch;
  private volatile boolean isRunning;

  /** Creates the record of the keys in {@code memory}, which it does not change. */
  public StagingRecord(SharedMemory memory) {
    this.memory = memory;
    this.slots = StagingLayout.slots(memory.bytes().byteSize());
  }

  /** Returns whether the memory holds no run's keys. */
  public boolean isEmpty() {
    return word(StagingLayout.MAGIC_OFFSET) != StagingLayout.MAGIC;
  }

  /** Returns whether the memory holds the keys of this run, in the layout of this version. */
  public boolean isOf(StagingOwner run) {
    return !isEmpty()
        && word(StagingLayout.VERSION_OFFSET) == StagingLayout.versionWord(slots)
        && holdsId(StagingLayout.UUID_OFFSET, run.cache())
        && holdsId(StagingLayout.BOOT_ID_OFFSET, run.bootId())
        && word(StagingLayout.OPENED_OFFSET) == run.openedEpochMillis();
  }

  private boolean holdsId(long offset, UUID id) {
    return word(offset) == id.getMostSignificantBits()
        && word(offset + Long.BYTES) == id.getLeastSignificantBits();
  }

  /**
   * Begins a run, after which keys may be staged. It discards the keys of an earlier run.
   *
   * @param head the end of the log
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
    memory.settle();
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

  /** Stores the position last, because the position makes the head match. */
  private void storeHead(long at, long batch, long position, long firstWord) {
    memory.store(at + StagingLayout.HEAD_FIRST_WORD_OFFSET, firstWord);
    memory.store(at + StagingLayout.HEAD_BATCH_OFFSET, batch);
    memory.store(at + StagingLayout.HEAD_POSITION_OFFSET, position);
    memory.settle();
  }

  /** Assigns keys to the next batch. */
  public void join(List<StagedKeys> batch) {
    for (StagedKeys keys : batch) {
      keys.join(publishedBatch + 1);
    }
    memory.settle();
  }

  /**
   * Announces that the next batch is about to be published.
   *
   * @param head the end of the log after that
   * @param firstWord the first 8 bytes that will be published
   */
  public void willPublish(LogAddress head, long firstWord) {
    publishedBatch++;
    long at = StagingLayout.headOffset(publishedBatch);
    storeHead(at, publishedBatch, positionWord(head), firstWord);
    OrderedWords.orderStores();
  }

  /** Confirms that the batch has been published. */
  public void published() {
    confirm(StagingLayout.headOffset(publishedBatch));
  }

  private void confirm(long head) {
    memory.store(head + StagingLayout.HEAD_FIRST_WORD_OFFSET, 0);
    memory.settle();
  }

  /**
   * Announces that one batch with all keys of an earlier run is about to be published.
   *
   * @param present the present end of the log
   * @param head the end of the log after that
   * @param firstWord the first 8 bytes that will be published
   */
  public void willPublishAll(LogAddress present, LogAddress head, long firstWord) {
    long even = StagingLayout.headOffset(0);
    long odd = StagingLayout.headOffset(1);
    boolean presentIsEven =
        word(even + StagingLayout.HEAD_POSITION_OFFSET) == positionWord(present);
    // The reader has verified the present head, but only with the help of the other one, which is
    // overwritten next.
    confirm(presentIsEven ? even : odd);
    storeHead(presentIsEven ? odd : even, ALL_BATCHES, positionWord(head), firstWord);
    OrderedWords.orderStores();
  }

  /** Returns whether a run has begun and its keys are valid. */
  public boolean isRunning() {
    return isRunning;
  }

  /** Invalidates all keys. */
  public void invalidate() {
    isRunning = false;
    storeIfOther(StagingLayout.MAGIC_OFFSET, 0);
    memory.settle();
  }

  private long word(long offset) {
    return memory.load(offset);
  }

  static long positionWord(LogAddress position) {
    return (long) position.cacheSegId() << Integer.SIZE | position.segOffsetBytes();
  }
}
