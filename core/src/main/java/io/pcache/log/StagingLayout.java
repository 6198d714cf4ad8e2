package io.pcache.log;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;

/**
 * The layout of staged keys in shared memory. Only processes of this machine see it, and only until
 * the next boot. The version changes with the layout.
 *
 * <pre>
 *   0       8         12      16     32        48       64         112      4096
 *   ├───────┼─────────┼───────┼──────┼─────────┼────────┼──────────┼─ … ────┼────────┬────────┬─ …
 *   │ magic │ version │ slots │ uuid │ boot id │ opened │ 2 × head │        │ slot 0 │ slot 1 │
 *   └───────┴─────────┴───────┴──────┴─────────┴────────┴──────────┴─ … ────┴────────┴────────┴─ …
 *
 *   head  0       8          16           24
 *         ├───────┼──────────┼────────────┤
 *         │ batch │ position │ first word │
 *         └───────┴──────────┴────────────┘
 *
 *   slot  0       8          16      24         64
 *         ├───────┼──────────┼───────┼──────────┼──── …
 *         │ count │ sequence │ batch │ reserved │ keys
 *         └───────┴──────────┴───────┴──────────┴──── …
 * </pre>
 *
 * <p>A key is a {@link KeyRecord} with its {@link StagedKeyCheck} in the reserved field.
 */
final class StagingLayout {
  static final long MAGIC = 0x44454741_54534A70L;
  static final long VERSION = 2;

  static final int MAGIC_OFFSET = 0;
  static final int VERSION_OFFSET = 8;
  static final int UUID_OFFSET = 16;
  static final int BOOT_ID_OFFSET = 32;
  static final int OPENED_OFFSET = 48;
  private static final int HEADS_OFFSET = 64;
  private static final int HEAD_BYTES = 24;

  /** The offset in a head of its batch number: the last batch of a log that ends at this head. */
  static final int HEAD_BATCH_OFFSET = 0;

  /** The offset in a head of its log position. */
  static final int HEAD_POSITION_OFFSET = 8;

  /**
   * The offset in a head of the batch's first word. The word becomes 0 once the batch is known to
   * be published.
   */
  static final int HEAD_FIRST_WORD_OFFSET = 16;

  static final int COUNT_OFFSET = 0;
  static final int SEQUENCE_OFFSET = 8;
  static final int BATCH_OFFSET = 16;
  static final int KEYS_OFFSET = 64;

  private static final int SLOTS_OFFSET = 4096;
  private static final int SLOT_BYTES = KEYS_OFFSET + KeySetRecord.MAX_KEYS * KeyRecord.SIZE_BYTES;

  private StagingLayout() {}

  /** Returns the bytes of memory that a number of slots take. */
  static long sizeBytes(int slots) {
    return SLOTS_OFFSET + (long) slots * SLOT_BYTES;
  }

  /** Returns the number of slots that fit. */
  static int slots(long sizeBytes) {
    return (int) ((sizeBytes - SLOTS_OFFSET) / SLOT_BYTES);
  }

  static long slotOffset(int slot) {
    return SLOTS_OFFSET + (long) slot * SLOT_BYTES;
  }

  /** Returns the offset of a batch's head. Even and odd batch numbers use different heads. */
  static long headOffset(long batch) {
    return HEADS_OFFSET + (batch & 1) * HEAD_BYTES;
  }

  /** Returns version and number of slots in one word. */
  static long versionWord(int slots) {
    return VERSION | (long) slots << Integer.SIZE;
  }
}
