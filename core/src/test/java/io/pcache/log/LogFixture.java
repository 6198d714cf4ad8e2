package io.pcache.log;

import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A formatted log on a few segments, with plain ways to put keys into it and to read them back. */
final class LogFixture {
  static final long DEVICE_BYTES = 64L << 20;
  static final int SEGMENTS = 4;
  static final LogAddress START = new LogAddress(0, 0);

  final ArrayMedia media = new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS));
  final SegmentChain chain = SegmentChain.format(media, SEGMENTS);
  final KeySetReader reader = new KeySetReader(media, chain, DEVICE_BYTES);
  private final List<Integer> takenForLog = new ArrayList<>();

  /** The segments that the log took, in order. */
  List<Integer> takenForLog() {
    return takenForLog;
  }

  LogWriter writerAt(LogAddress head) {
    return new LogWriter(media, chain, LogPosition.first(head), this::takeNext);
  }

  private int takeNext() {
    int next = takenForLog.size() + 1;
    takenForLog.add(next);
    media.zero(chain.dataOffset(next), MediaLayout.DATA_AREA_BYTES);
    return next;
  }

  /** Keys whose offsets tell their number, in buffers of at most {@code perBuffer}. */
  static List<StagedKeys> batch(int firstNumber, int keys, int perBuffer) {
    List<StagedKeys> batch = new ArrayList<>();
    for (int done = 0; done < keys; ) {
      StagedKeys buffer = new StagedKeys();
      for (int i = 0; i < perBuffer && done < keys; i++, done++) {
        int sector = (firstNumber + done) % 1000;
        buffer.append(
            new Key().range(sector * 512L, 512).place(3, sector * 512).dataCrc(firstNumber + done));
      }
      batch.add(buffer);
    }
    return batch;
  }

  static void append(LogWriter writer, List<StagedKeys> batch) {
    writer.prepare(batch);
    writer.publish();
  }

  /** The numbers of the keys that a walk from {@code start} meets. */
  List<Integer> numbersFrom(LogAddress start) {
    List<Integer> numbers = new ArrayList<>();
    var _ =
        new LogWalk(reader, SEGMENTS)
            .from(
                start,
                (position, keySet) -> {
                  for (int i = 0; i < keySet.keyCount(); i++) {
                    numbers.add(KeyRecord.dataCrc(keySet.bytes(), KeySetRecord.keyOffset(i)));
                  }
                });
    return numbers;
  }

  LogAddress endOfWalkFrom(LogAddress start) {
    return new LogWalk(reader, SEGMENTS).from(start, (position, keySet) -> {}).address();
  }

  /** The bytes from a position to the end of its data area. */
  MemorySegment bytesAt(LogAddress position) {
    long at = chain.dataOffset(position.cacheSegId()) + position.segOffsetBytes();
    return media.bytes().asSlice(at, MediaLayout.DATA_AREA_BYTES - position.segOffsetBytes());
  }
}
