package io.pcache.testkit;

import io.pcache.format.LogAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The log of a cache image, walked from key_tail to its end by {@link LogImage}, so that tests can
 * put positions in order and compare.
 *
 * @param positions where each key set begins, in order of the log; the last one is key_head
 * @param keyTail the first of them
 * @param dirtyTail where write-back stands
 */
public record LogWalk(List<LogAddress> positions, LogAddress keyTail, LogAddress dirtyTail) {
  /** Walks the log of an image. */
  public static LogWalk of(Path cache) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(cache, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      LogImage image = new LogImage(bytes);
      LogAddress keyTail = valid(image.keyTail(), "key_tail");
      return new LogWalk(walk(image, keyTail), keyTail, valid(image.dirtyTail(), "dirty_tail"));
    }
  }

  private static LogAddress valid(Optional<LogAddress> position, String name) {
    return position.orElseThrow(() -> new IllegalArgumentException("no valid " + name));
  }

  /** Where the log ends. */
  public LogAddress keyHead() {
    return positions.getLast();
  }

  /** How many key sets lie between key_tail and a position of this log. */
  public int indexOf(LogAddress position) {
    int index = positions.indexOf(position);
    if (index < 0) {
      throw new IllegalArgumentException(
          position + " is not where a key set of this log begins or the log ends");
    }
    return index;
  }

  private static List<LogAddress> walk(LogImage image, LogAddress from) {
    List<LogAddress> positions = new ArrayList<>();
    LogAddress at = from;
    positions.add(at);
    while (image.read(at)) {
      at = image.after(at);
      positions.add(at);
    }
    return positions;
  }
}
