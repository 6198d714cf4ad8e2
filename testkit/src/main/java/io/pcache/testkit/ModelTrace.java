package io.pcache.testkit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a model run did, kept to explain a failure.
 *
 * <p>Thread-safety: each thread notes in a trace of its own; {@link #about} once they have stopped
 * or failed.
 */
final class ModelTrace {
  private static final int SHOWN = 60;
  private static final int WHOLE_DEVICE = -1;

  private final List<Note> notes = new ArrayList<>();

  private record Note(int ticket, String what, int firstSector, int count, int version) {
    boolean concerns(int sector) {
      return firstSector == WHOLE_DEVICE || (sector >= firstSector && sector < firstSector + count);
    }

    @Override
    public String toString() {
      return firstSector == WHOLE_DEVICE
          ? "%d %s".formatted(ticket, what)
          : "%d %s sectors %d+%d version %d".formatted(ticket, what, firstSector, count, version);
    }
  }

  void note(int ticket, String what, int firstSector, int count, int version) {
    notes.add(new Note(ticket, what, firstSector, count, version));
  }

  void note(int ticket, String what) {
    notes.add(new Note(ticket, what, WHOLE_DEVICE, 0, 0));
  }

  /**
   * The last notes of several traces that concern a sector, oldest first; of equal ones in a row
   * only the last.
   */
  static String about(int sector, List<ModelTrace> traces) {
    List<Note> all =
        traces.stream()
            .flatMap(trace -> Stream.of(trace.notes.toArray(new Note[0])))
            .filter(note -> note.concerns(sector))
            .sorted(Comparator.comparingInt(Note::ticket))
            .toList();
    List<Note> told = new ArrayList<>();
    for (Note note : all) {
      if (!told.isEmpty()
          && told.getLast().what.equals(note.what)
          && note.firstSector == WHOLE_DEVICE) {
        told.removeLast();
      }
      told.add(note);
    }
    return told.subList(Math.max(0, told.size() - SHOWN), told.size()).stream()
        .map(Note::toString)
        .collect(Collectors.joining("\n  ", "\n  ", ""));
  }
}
