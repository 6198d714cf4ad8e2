package io.pcache.testkit;

import io.pcache.format.LogPosition;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The log of a cache image, walked from key_tail to its end by a second reader that shares no code
 * with the engine, so that tests can put positions in order and compare. Segments have to be
 * chained 0, 1, 2, … as every formatter so far does it.
 *
 * @param positions where each key set begins, in order of the log; the last one is key_head
 * @param keyTail the first of them
 * @param dirtyTail where write-back stands
 */
public record LogWalk(List<LogPosition> positions, LogPosition keyTail, LogPosition dirtyTail) {
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final byte[] CRC_PREFIX = {0x68, 0x0E, (byte) 0xA7, 0x4A};

  private static final long KEY_TAIL_SLOTS = 16 << 10;
  private static final long DIRTY_TAIL_SLOTS = KEY_TAIL_SLOTS + 32;
  private static final int POSITION_BYTES = 16;
  private static final long FIRST_SEGMENT = 20 << 10;
  private static final long SEGMENT_BYTES = 16 << 20;
  private static final long SEGMENT_HEADER_BYTES = 12 << 10;
  private static final long KSET_MAGIC = 0x676894A64E164F1AL;
  private static final int KSET_HEADER_BYTES = 24;
  private static final int KEY_BYTES = 40;
  private static final int MAX_KEYS = 128;

  /** Walks the log of an image. */
  public static LogWalk of(Path cache) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(cache, StandardOpenOption.READ)) {
      MemorySegment image = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      LogPosition keyTail = newestPosition(image, KEY_TAIL_SLOTS);
      return new LogWalk(walk(image, keyTail), keyTail, newestPosition(image, DIRTY_TAIL_SLOTS));
    }
  }

  /** Where the log ends. */
  public LogPosition keyHead() {
    return positions.getLast();
  }

  /** How many key sets lie between key_tail and a position of this log. */
  public int indexOf(LogPosition position) {
    int index = positions.indexOf(position);
    if (index < 0) {
      throw new IllegalArgumentException(
          position + " is not where a key set of this log begins or the log ends");
    }
    return index;
  }

  private static List<LogPosition> walk(MemorySegment image, LogPosition from) {
    List<LogPosition> positions = new ArrayList<>();
    Optional<LogPosition> next = Optional.of(from);
    while (next.isPresent()) {
      positions.add(next.get());
      next = after(image, next.get());
    }
    return positions;
  }

  private static Optional<LogPosition> after(MemorySegment image, LogPosition position) {
    long dataArea = FIRST_SEGMENT + position.cacheSegId() * SEGMENT_BYTES + SEGMENT_HEADER_BYTES;
    long at = dataArea + position.segOffsetBytes();
    long room = SEGMENT_BYTES - SEGMENT_HEADER_BYTES - position.segOffsetBytes();
    if (room < KSET_HEADER_BYTES || image.get(U64, at + 8) != KSET_MAGIC) {
      return Optional.empty();
    }
    boolean last = (image.get(U64, at + 16) & 1) != 0;
    int keys = last ? 0 : image.get(U32, at + 4);
    int size = KSET_HEADER_BYTES + keys * KEY_BYTES;
    if (keys < 0 || keys > MAX_KEYS || size > room || !checksumMatches(image, at, size)) {
      return Optional.empty();
    }
    return Optional.of(
        last
            ? new LogPosition(image.get(U32, at + 4), 0)
            : new LogPosition(position.cacheSegId(), position.segOffsetBytes() + size));
  }

  private static LogPosition newestPosition(MemorySegment image, long slots) {
    boolean first = checksumMatches(image, slots, POSITION_BYTES);
    boolean second = checksumMatches(image, slots + POSITION_BYTES, POSITION_BYTES);
    if (!first && !second) {
      throw new IllegalArgumentException("no valid position at " + slots);
    }
    byte step = (byte) (sequence(image, slots + POSITION_BYTES) - sequence(image, slots));
    long newest = first && (!second || step < 0) ? slots : slots + POSITION_BYTES;
    return new LogPosition(image.get(U32, newest + 8), image.get(U32, newest + 12));
  }

  private static int sequence(MemorySegment image, long slot) {
    return image.get(ValueLayout.JAVA_BYTE, slot + 4);
  }

  private static boolean checksumMatches(MemorySegment image, long at, long lengthBytes) {
    CRC32C crc = new CRC32C();
    crc.update(CRC_PREFIX);
    crc.update(image.asSlice(at + Integer.BYTES, lengthBytes - Integer.BYTES).asByteBuffer());
    return (int) ~crc.getValue() == image.get(U32, at);
  }
}
