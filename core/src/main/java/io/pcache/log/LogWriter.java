package io.pcache.log;

import io.pcache.error.Invariants;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Appends batches of keys to the log. A crash at any moment leaves either the log as it was or the
 * whole batch.
 *
 * <p>A batch becomes one or more key sets. {@link #prepare} writes all of them, and a zeroed header
 * behind the last, but not the first header. {@link #publish} writes the first header. The caller
 * syncs between the two, and again after the second. The first sync also makes the data durable
 * that the keys name:
 *
 * <pre>
 *   before      … kset │ 0 0 0
 *   prepare     … kset │ 0 0 0  keys │ header keys │ header keys │ 0 0 0      sync
 *   publish     … kset │ header keys │ header keys │ header keys │ 0 0 0      sync
 * </pre>
 *
 * <p>Invariants: the bytes behind the head in its segment are zero, or left over from a batch that
 * was never published. A segment is all zero when the log enters it. So a walk never takes old
 * bytes for a continuation of the log.
 *
 * <p>Thread-safety: one caller at a time; {@link #head()}, {@link #publishedKeySets()} and {@link
 * #roomBytes()} from any thread.
 */
public final class LogWriter {
  private static final int WITHHELD_BYTES = KeySetRecord.HEADER_BYTES;
  private static final int FIRST_BUFFER_BYTES = 8 << 10;

  private final Media media;
  private final SegmentChain chain;
  private final LogSegments segments;

  private MemorySegment buffer = MemorySegment.ofArray(new long[FIRST_BUFFER_BYTES / Long.BYTES]);
  private final MemorySegment withheldHeader =
      MemorySegment.ofArray(new long[WITHHELD_BYTES / Long.BYTES]);

  private volatile LogPosition head;
  private volatile long publishedKeySets;

  private boolean prepared;
  private int preparedKeySets;
  private boolean firstChunk;

  private LogPosition chunkStart;
  private int chunkBytes;

  /**
   * Creates a writer that continues a log.
   *
   * @param head the end of the log; the rest of that segment is zero
   */
  public LogWriter(Media media, SegmentChain chain, LogPosition head, LogSegments segments) {
    Invariants.check(
        head.address().isPossible(chain.segments()),
        "a log has room for a header at its end",
        head.segOffsetBytes());
    this.media = media;
    this.chain = chain;
    this.head = head;
    this.chunkStart = head;
    this.segments = segments;
  }

  /** Returns the end of the published log. */
  public LogPosition head() {
    return head;
  }

  /** Returns the number of key sets with keys that this writer has published. */
  public long publishedKeySets() {
    return publishedKeySets;
  }

  /** Returns the bytes left in the log's current segment. */
  public int roomBytes() {
    return MediaLayout.DATA_AREA_BYTES - head.segOffsetBytes();
  }

  /** Writes a batch of at least one key, except for its first header. */
  public void prepare(List<StagedKeys> batch) {
    Invariants.check(!prepared, "a prepared batch is published before the next is prepared");
    chunkStart = head;
    chunkBytes = 0;
    preparedKeySets = 0;
    firstChunk = true;
    BatchKeys keys = new BatchKeys(batch);
    while (keys.left() > 0) {
      appendKeySet(keys);
    }
    reserve(KeySetRecord.HEADER_BYTES);
    buffer.asSlice(chunkBytes, KeySetRecord.HEADER_BYTES).fill((byte) 0);
    writeChunk(chunkBytes + KeySetRecord.HEADER_BYTES);
    prepared = true;
  }

  /** Returns the end of the log once the prepared batch is published. */
  public LogPosition preparedHead() {
    Invariants.check(prepared, "a batch is prepared before its end is known");
    return chunkStart.at(chunkStart.segOffsetBytes() + chunkBytes);
  }

  /** Returns the first 8 bytes that {@link #publish} will write. */
  public long preparedFirstWord() {
    Invariants.check(prepared, "a batch is prepared before it is published");
    return withheldHeader.get(LittleEndian.U64, 0);
  }

  /**
   * Writes the first header, which makes the batch part of the log. It is durable after the next
   * sync.
   */
  public void publish() {
    Invariants.check(prepared, "a batch is prepared before it is published");
    LogPosition next = preparedHead();
    media.write(
        chain.dataOffset(head.cacheSegId()) + head.segOffsetBytes(),
        withheldHeader,
        0,
        WITHHELD_BYTES);
    Invariants.check(
        next.address().isPossible(chain.segments()),
        "a log has room for a header at its end",
        next.segOffsetBytes());
    head = next;
    long published = publishedKeySets + preparedKeySets;
    publishedKeySets = published;
    prepared = false;
  }

  private void appendKeySet(BatchKeys keys) {
    int n = Math.min(keys.left(), KeySetRecord.MAX_KEYS);
    int sizeBytes = KeySetRecord.sizeBytes(n);
    if (chunkStart.segOffsetBytes() + chunkBytes + sizeBytes + KeySetRecord.HEADER_BYTES
        > MediaLayout.DATA_AREA_BYTES) {
      continueInNextSegment();
    }
    reserve(sizeBytes);
    keys.copyTo(buffer, chunkBytes + KeySetRecord.HEADER_BYTES, n);
    KeySetRecord.seal(buffer, chunkBytes, n);
    chunkBytes += sizeBytes;
    preparedKeySets++;
  }

  private void continueInNextSegment() {
    int next = segments.takeForLog();
    reserve(KeySetRecord.HEADER_BYTES);
    KeySetRecord.sealLast(buffer, chunkBytes, next);
    writeChunk(chunkBytes + KeySetRecord.HEADER_BYTES);
    chunkStart = chunkStart.startOfNext(next);
    chunkBytes = 0;
  }

  /** Writes the buffered bytes of the current segment, except for the batch's first header. */
  private void writeChunk(int sizeBytes) {
    int skip = 0;
    if (firstChunk) {
      MemorySegment.copy(buffer, 0, withheldHeader, 0, WITHHELD_BYTES);
      skip = WITHHELD_BYTES;
      firstChunk = false;
    }
    long at = chain.dataOffset(chunkStart.cacheSegId()) + chunkStart.segOffsetBytes();
    media.write(at + skip, buffer, skip, sizeBytes - skip);
  }

  private void reserve(int moreBytes) {
    long needed = (long) chunkBytes + moreBytes;
    if (needed > buffer.byteSize()) {
      MemorySegment larger = MemorySegment.ofArray(new long[(int) (needed * 2 / Long.BYTES)]);
      MemorySegment.copy(buffer, 0, larger, 0, chunkBytes);
      buffer = larger;
    }
  }

  /** Copies the keys of a batch, across its buffers. */
  private static final class BatchKeys {
    private final List<StagedKeys> batch;
    private int at;
    private int taken;
    private int left;

    BatchKeys(List<StagedKeys> batch) {
      this.batch = batch;
      for (StagedKeys keys : batch) {
        left += keys.count();
      }
    }

    int left() {
      return left;
    }

    void copyTo(MemorySegment target, long targetOffset, int n) {
      long to = targetOffset;
      for (int missing = n; missing > 0; ) {
        StagedKeys keys = batch.get(at);
        int some = Math.min(missing, keys.count() - taken);
        keys.copyTo(target, to, taken, some);
        to += (long) some * KeyRecord.SIZE_BYTES;
        missing -= some;
        taken += some;
        if (taken == keys.count()) {
          at++;
          taken = 0;
        }
      }
      left -= n;
    }
  }
}
