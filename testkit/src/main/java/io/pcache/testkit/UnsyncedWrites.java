package io.pcache.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The writes since the last sync, as what they overwrote, so that a crash can take any of them
 * back.
 *
 * <p>Thread-safety: none.
 */
final class UnsyncedWrites {
  private final List<Write> writes = new ArrayList<>();

  private record Write(long offsetBytes, byte[] before) {
    long endBytes() {
      return offsetBytes + before.length;
    }
  }

  /**
   * How a crash is disposed: the shares of units that keep or lose all they had; the rest stop
   * anywhere in between.
   */
  private record Mood(double keepAll, double loseAll) {
    static Mood random(RandomGenerator random) {
      return switch (random.nextInt(6)) {
        case 0 -> new Mood(0, 1);
        case 1 -> new Mood(1, 0);
        case 2 -> new Mood(0, 0);
        default -> {
          double keepAll = random.nextDouble();
          yield new Mood(keepAll, (1 - keepAll) * random.nextDouble());
        }
      };
    }

    int undoneOf(int writesToUnit, RandomGenerator random) {
      double fate = random.nextDouble();
      if (fate < keepAll) {
        return 0;
      }
      return fate < keepAll + loseAll ? writesToUnit : random.nextInt(writesToUnit + 1);
    }
  }

  private static final class Unit {
    private int writes;
    private int undosLeft;
  }

  /** Keeps what a write is about to overwrite. */
  void add(MemorySegment memory, long offsetBytes, long lengthBytes) {
    writes.add(
        new Write(
            offsetBytes, memory.asSlice(offsetBytes, lengthBytes).toArray(ValueLayout.JAVA_BYTE)));
  }

  void clear() {
    writes.clear();
  }

  UnsyncedWrites copy() {
    UnsyncedWrites copy = new UnsyncedWrites();
    copy.writes.addAll(writes);
    return copy;
  }

  /**
   * Takes back a random part: every unit ends up as it was after one of its writes, or before the
   * first, or in the middle of one.
   *
   * @param atomBytes what a unit is torn into; a unit of one atom is never torn
   */
  void crash(MemorySegment memory, int unitBytes, int atomBytes, RandomGenerator random) {
    Map<Long, Unit> units = countWrites(unitBytes);
    Mood mood = Mood.random(random);
    units.values().forEach(unit -> unit.undosLeft = mood.undoneOf(unit.writes, random));
    for (Write write : writes.reversed()) {
      for (long number = write.offsetBytes / unitBytes;
          number * unitBytes < write.endBytes();
          number++) {
        Unit unit = units.get(number);
        if (unit != null && unit.undosLeft > 0) {
          unit.undosLeft--;
          long from = Math.max(number * unitBytes, write.offsetBytes);
          long to = Math.min((number + 1) * unitBytes, write.endBytes());
          boolean torn = unit.undosLeft == 0 && random.nextBoolean();
          if (torn) {
            undoSomeAtoms(memory, write, from, to, atomBytes, random);
          } else {
            undo(memory, write, from, to);
          }
        }
      }
    }
    clear();
  }

  private Map<Long, Unit> countWrites(int unitBytes) {
    Map<Long, Unit> units = new HashMap<>();
    for (Write write : writes) {
      for (long number = write.offsetBytes / unitBytes;
          number * unitBytes < write.endBytes();
          number++) {
        units.computeIfAbsent(number, n -> new Unit()).writes++;
      }
    }
    return units;
  }

  private static void undoSomeAtoms(
      MemorySegment memory,
      Write write,
      long from,
      long to,
      int atomBytes,
      RandomGenerator random) {
    long at = from;
    while (at < to) {
      long atomEnd = Math.min(to, (at / atomBytes + 1) * atomBytes);
      if (random.nextBoolean()) {
        undo(memory, write, at, atomEnd);
      }
      at = atomEnd;
    }
  }

  private static void undo(MemorySegment memory, Write write, long from, long to) {
    MemorySegment before = MemorySegment.ofArray(write.before);
    MemorySegment.copy(before, from - write.offsetBytes, memory, from, to - from);
  }
}
