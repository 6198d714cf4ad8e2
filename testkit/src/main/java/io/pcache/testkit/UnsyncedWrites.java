package io.pcache.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The writes since the last sync, as what they overwrote, so that a crash can take any of them
 * back.
 *
 * <p>Thread-safety: none.
 */
final class UnsyncedWrites {
  private final List<Write> writes = new ArrayList<>();
  private boolean someAreLeft;

  /**
   * A write.
   *
   * @param isLeft whether a killed process left it, so that a sync of the next one does not cover
   *     it
   */
  private record Write(long offsetBytes, byte[] before, boolean isLeft) {
    long endBytes() {
      return offsetBytes + before.length;
    }
  }

  /** Keeps what a write is about to overwrite. */
  void add(MemorySegment memory, long offsetBytes, long lengthBytes) {
    byte[] before = new byte[Math.toIntExact(lengthBytes)];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offsetBytes, before, 0, before.length);
    writes.add(new Write(offsetBytes, before, false));
  }

  /** Forgets the writes that a sync covers. */
  void sync() {
    writes.removeIf(write -> !write.isLeft);
    someAreLeft = !writes.isEmpty();
  }

  void clear() {
    writes.clear();
    someAreLeft = false;
  }

  /**
   * The process was killed within its last write, and had not written back the units it touched.
   * From now on each of these units is a write of its own.
   */
  void leaveLast(int unitBytes) {
    Write last = writes.removeLast();
    someAreLeft = true;
    for (long at = last.offsetBytes; at < last.endBytes(); ) {
      long end = Math.min(last.endBytes(), (at / unitBytes + 1) * unitBytes);
      int from = (int) (at - last.offsetBytes);
      byte[] before = Arrays.copyOfRange(last.before, from, (int) (end - last.offsetBytes));
      writes.add(new Write(at, before, true));
      at = end;
    }
  }

  /** The units of a range are written back, with what a killed process left there. */
  void inherit(long offsetBytes, long lengthBytes, int unitBytes) {
    if (!someAreLeft) {
      return;
    }
    long from = offsetBytes / unitBytes * unitBytes;
    long to = Math.ceilDiv(offsetBytes + lengthBytes, unitBytes) * unitBytes;
    writes.replaceAll(write ->
        write.isLeft && write.offsetBytes < to && from < write.endBytes()
            ? new Write(write.offsetBytes, write.before, false)
            : write);
  }

  UnsyncedWrites copy() {
    UnsyncedWrites copy = new UnsyncedWrites();
    copy.writes.addAll(writes);
    copy.someAreLeft = someAreLeft;
    return copy;
  }

  /**
   * Takes back a part: every unit ends up as it was after one of its writes, or before the first,
   * or in the middle of one.
   *
   * @param atomBytes what a unit is torn into; a unit of one atom is never torn
   */
  void crash(CrashMemory memory, int unitBytes, int atomBytes, CrashFate fate) {
    UnitCounts units = units(unitBytes);
    units.replaceEach(fate::takenBack);
    for (Write write : writes.reversed()) {
      for (long unit = write.offsetBytes / unitBytes; unit * unitBytes < write.endBytes(); unit++) {
        if (units.takeOne(unit)) {
          long from = Math.max(unit * unitBytes, write.offsetBytes);
          long to = Math.min((unit + 1) * unitBytes, write.endBytes());
          if (!units.hasMore(unit) && fate.tears()) {
            undoSomeAtoms(memory, write, from, to, atomBytes, fate);
          } else {
            undo(memory, write, from, to);
          }
        }
      }
    }
    clear();
  }

  /** How often each unit was written. */
  UnitCounts units(int unitBytes) {
    UnitCounts units = new UnitCounts();
    for (Write write : writes) {
      for (long unit = write.offsetBytes / unitBytes; unit * unitBytes < write.endBytes(); unit++) {
        units.addOne(unit);
      }
    }
    return units;
  }

  private static void undoSomeAtoms(
      CrashMemory memory, Write write, long from, long to, int atomBytes, CrashFate fate) {
    long at = from;
    while (at < to) {
      long atomEnd = Math.min(to, (at / atomBytes + 1) * atomBytes);
      if (fate.tearsOff()) {
        undo(memory, write, at, atomEnd);
      }
      at = atomEnd;
    }
  }

  private static void undo(CrashMemory memory, Write write, long from, long to) {
    memory.willChange(from, to - from);
    MemorySegment.copy(
        write.before,
        (int) (from - write.offsetBytes),
        memory.bytes(),
        ValueLayout.JAVA_BYTE,
        from,
        (int) (to - from));
  }
}
