package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * pcache's own record in the first 4 KiB, which the kernel leaves alone. It identifies the cache
 * and its backing device, and records how the cache was left. Two slots of 1 KiB, 2 KiB apart.
 *
 * <pre>
 *   0        8        16       20      24         40             48         56       64      128      256
 *   ├────────┼────────┼────────┼───────┼──────────┼──────────────┼──────────┼────────┼───────┼────────┼──────────
 *   │ header │ magic  │ version│ state │ uuid     │ backing size │ key_head │ opened │ label │ samples│ …
 *   └────────┴────────┴────────┴───────┴──────────┴──────────────┴──────────┴────────┴───────┴────────┴──────────
 *   samples: 32 × u32 checksum of a sector of the backing device, then at 256 a u64 mask of those that
 *   count, at 264 key_tail and at 272 dirty_tail, positions like key_head, at 280 u64 cut, and at 288
 *   512 bytes of the staging folder
 * </pre>
 *
 * @param uuid identifies the cache
 * @param label the operator's name for it, empty if none
 * @param open whether the cache is open, or was left without an orderly close
 * @param closedLog the log's positions at the last orderly close; meaningless while open
 * @param backingBytes size of the backing device, 0 if none has been bound yet
 * @param sampleMask bit i is set if sample i counts
 * @param samples checksums of sampled sectors of the backing device
 * @param opening when and with which staging folder it was last opened
 * @param cutToBytes the size to which the cache device was cut while it was served, or 0
 */
public record Identity(
    UUID uuid,
    String label,
    boolean open,
    LogBounds closedLog,
    long backingBytes,
    long sampleMask,
    List<Integer> samples,
    Opening opening,
    long cutToBytes) {
  /** The number of sampled sectors of the backing device. */
  public static final int SAMPLES = 32;

  /** The maximum length of a label, in bytes of UTF-8. */
  public static final int MAX_LABEL_BYTES = 64;

  /** The bytes {@code pJPCACHE}. */
  static final long MAGIC = 0x45484341_43504A70L;

  private static final int VERSION = 1;
  private static final int STATE_CLOSED = 1;
  private static final int STATE_OPEN = 2;

  private static final int MAGIC_OFFSET = TwoSlotLayout.BODY_OFFSET;
  private static final int VERSION_OFFSET = 16;
  private static final int STATE_OFFSET = 20;
  private static final int UUID_OFFSET = 24;
  private static final int BACKING_BYTES_OFFSET = 40;
  private static final int KEY_HEAD_OFFSET = 48;
  private static final int OPENED_OFFSET = 56;
  private static final int LABEL_OFFSET = 64;
  private static final int SAMPLES_OFFSET = 128;
  private static final int SAMPLE_MASK_OFFSET = 256;
  private static final int KEY_TAIL_OFFSET = 264;
  private static final int DIRTY_TAIL_OFFSET = 272;
  private static final int CUT_OFFSET = 280;
  private static final int STAGING_FOLDER_OFFSET = 288;
  private static final int MAX_STAGING_FOLDER_BYTES = 512;

  /**
   * The last opening of a cache.
   *
   * @param epochMillis when it was; later than every earlier opening
   * @param stagingFolder the folder of its staging file, as an absolute path of at most 512 bytes
   *     of UTF-8; empty if longer, or if there was none
   */
  public record Opening(long epochMillis, String stagingFolder) {
    /** A cache that was never open. */
    static final Opening NONE = new Opening(0, "");

    /** Leaves out a folder whose name is too long. */
    public Opening {
      if (stagingFolder.getBytes(StandardCharsets.UTF_8).length > MAX_STAGING_FOLDER_BYTES) {
        stagingFolder = "";
      }
    }
  }

  /** Copies the samples. */
  public Identity {
    samples = List.copyOf(samples);
  }

  /**
   * Returns the identity of a freshly formatted cache, or of one adopted from the kernel. It has no
   * backing device yet.
   */
  public static Identity fresh(@Nullable String label) {
    String text = label == null ? "" : label;
    return new Identity(
        UUID.randomUUID(),
        text,
        false,
        LogBounds.EMPTY,
        0,
        0,
        Collections.nCopies(SAMPLES, 0),
        Opening.NONE,
        0);
  }

  /** Returns whether a backing device is bound. */
  public boolean isBound() {
    return backingBytes > 0;
  }

  /** Returns a copy that is closed, with the log at {@code newClosedLog}. */
  public Identity closedAt(LogBounds newClosedLog) {
    return new Identity(
        uuid, label, false, newClosedLog, backingBytes, sampleMask, samples, opening, cutToBytes);
  }

  /** Returns a copy that is open. */
  public Identity openedAt(Opening newOpening) {
    return new Identity(
        uuid, label, true, closedLog, backingBytes, sampleMask, samples, newOpening, cutToBytes);
  }

  /** Returns a copy that is bound to a backing device with these samples, all of which count. */
  public Identity boundTo(long newBackingBytes, List<Integer> newSamples) {
    long all = (1L << SAMPLES) - 1;
    return new Identity(
        uuid, label, open, closedLog, newBackingBytes, all, newSamples, opening, cutToBytes);
  }

  /** Returns a copy in which fewer samples count. */
  public Identity withSampleMask(long newSampleMask) {
    return new Identity(
        uuid, label, open, closedLog, backingBytes, newSampleMask, samples, opening, cutToBytes);
  }

  /** Returns a copy of a cache whose device was cut to that many bytes while it was served. */
  public Identity cutTo(long bytes) {
    return new Identity(
        uuid, label, open, closedLog, backingBytes, sampleMask, samples, opening, bytes);
  }

  /**
   * Refuses a cache whose device was cut while it was served. The device may be long again, and
   * then what was cut off reads as zeroes.
   *
   * @throws CorruptMediaException if it was
   */
  public void refuseIfCut() {
    if (cutToBytes != 0) {
      throw new CorruptMediaException(
          ("identity record: the device was cut to %d bytes while it was served, and what lay behind is lost, whatever its size is"
                  + " now; put back all of it from a copy. Without one, make a new cache on another device, and keep this one: what lies"
                  + " before the cut is still on it. "
                  + Superblock.WHO_HAS_THE_DATA)
              .formatted(cutToBytes));
    }
  }

  /**
   * Reads the identity; empty if there is none, as on a cache made by the kernel.
   *
   * @throws UnsupportedFormatException if a later version wrote it
   */
  public static Optional<Identity> load(Media media) {
    return slots(media)
        .load()
        .filter(r -> r.get(LittleEndian.U64, MAGIC_OFFSET) == MAGIC)
        .map(Identity::decode);
  }

  private static Identity decode(MemorySegment record) {
    int version = record.get(LittleEndian.U32, VERSION_OFFSET);
    if (version != VERSION) {
      throw new UnsupportedFormatException(
          "identity record: version "
              + version
              + " found, "
              + VERSION
              + " expected; use a later pcache");
    }
    List<Integer> samples = new ArrayList<>(SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
      samples.add(record.get(LittleEndian.U32, SAMPLES_OFFSET + (long) i * Integer.BYTES));
    }
    return new Identity(
        new UUID(
            record.get(LittleEndian.U64, UUID_OFFSET),
            record.get(LittleEndian.U64, UUID_OFFSET + Long.BYTES)),
        decodeText(record, LABEL_OFFSET, MAX_LABEL_BYTES),
        record.get(LittleEndian.U32, STATE_OFFSET) == STATE_OPEN,
        new LogBounds(
            position(record, KEY_TAIL_OFFSET),
            position(record, DIRTY_TAIL_OFFSET),
            position(record, KEY_HEAD_OFFSET)),
        record.get(LittleEndian.U64, BACKING_BYTES_OFFSET),
        record.get(LittleEndian.U64, SAMPLE_MASK_OFFSET),
        samples,
        new Opening(
            record.get(LittleEndian.U64, OPENED_OFFSET),
            decodeText(record, STAGING_FOLDER_OFFSET, MAX_STAGING_FOLDER_BYTES)),
        record.get(LittleEndian.U64, CUT_OFFSET));
  }

  private static LogAddress position(MemorySegment record, int at) {
    return new LogAddress(
        record.get(LittleEndian.U32, at), record.get(LittleEndian.U32, at + (long) Integer.BYTES));
  }

  private static void setPosition(MemorySegment record, int at, LogAddress position) {
    record.set(LittleEndian.U32, at, position.cacheSegId());
    record.set(LittleEndian.U32, at + (long) Integer.BYTES, position.segOffsetBytes());
  }

  private static String decodeText(MemorySegment record, int at, int maxBytes) {
    byte[] bytes = record.asSlice(at, maxBytes).toArray(ValueLayout.JAVA_BYTE);
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** Stores the text and pads it with zeroes. */
  private static void setText(MemorySegment record, int at, int maxBytes, String text) {
    byte[] bytes = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), maxBytes);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, record, at, maxBytes);
  }

  /** Writes the identity durably. */
  public void storeDurably(Media media) {
    TwoSlot slots = slots(media);
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U64, MAGIC_OFFSET, MAGIC);
    record.set(LittleEndian.U32, VERSION_OFFSET, VERSION);
    record.set(LittleEndian.U32, STATE_OFFSET, open ? STATE_OPEN : STATE_CLOSED);
    record.set(LittleEndian.U64, UUID_OFFSET, uuid.getMostSignificantBits());
    record.set(LittleEndian.U64, UUID_OFFSET + Long.BYTES, uuid.getLeastSignificantBits());
    record.set(LittleEndian.U64, BACKING_BYTES_OFFSET, backingBytes);
    setPosition(record, KEY_TAIL_OFFSET, closedLog.keyTail());
    setPosition(record, DIRTY_TAIL_OFFSET, closedLog.dirtyTail());
    setPosition(record, KEY_HEAD_OFFSET, closedLog.keyHead());
    record.set(LittleEndian.U64, OPENED_OFFSET, opening.epochMillis());
    setText(record, LABEL_OFFSET, MAX_LABEL_BYTES, label);
    setText(record, STAGING_FOLDER_OFFSET, MAX_STAGING_FOLDER_BYTES, opening.stagingFolder());
    for (int i = 0; i < SAMPLES; i++) {
      record.set(LittleEndian.U32, SAMPLES_OFFSET + (long) i * Integer.BYTES, samples.get(i));
    }
    record.set(LittleEndian.U64, SAMPLE_MASK_OFFSET, sampleMask);
    record.set(LittleEndian.U64, CUT_OFFSET, cutToBytes);
    slots.storeDurably(record);
  }

  /**
   * Writes the identity durably into both slots, one after the other. Then the loss of either slot
   * loses nothing.
   */
  public void storeTwiceDurably(Media media) {
    storeDurably(media);
    storeDurably(media);
  }

  /** Returns the two slots of the record. */
  public static TwoSlot slots(Media media) {
    return new TwoSlot(media, TwoSlotLayout.IDENTITY, MediaLayout.IDENTITY_OFFSET);
  }

  @Override
  public String toString() {
    return label.isEmpty() ? uuid.toString() : uuid + " (" + label + ")";
  }
}
