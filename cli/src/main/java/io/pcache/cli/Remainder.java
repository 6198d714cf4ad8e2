package io.pcache.cli;

import io.pcache.DamagedRange;
import io.pcache.PcacheStatus;
import io.pcache.error.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is left in a cache that is about to be closed and not on its backing device, and what ends
 * with the process, for people.
 *
 * @param status the cache's last one
 */
record Remainder(PcacheStatus status) {
  private static final String CUT = "cut";
  private static final String DELETED = "deleted";
  private static final String MOVED = "moved";
  private static final String REMOVED = "removed";

  /** What may become of a file that somebody has to do something about. */
  private static final Set<String> FAULTS = Set.of(CUT, DELETED, MOVED, REMOVED);

  /** A line for each kind of data that is left, and for each file that is not what was opened. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (dirtyBytes() > 0) {
      lines.add(
          "%s %s; until then %s alone is older"
              .formatted(ByteSize.format(dirtyBytes()), whereItStays(), status.backing()));
    }
    if (!status.setAside().isEmpty()) {
      lines.add(
          "%s were damaged in the cache and set aside: %s; reading them fails until they are written anew"
              .formatted(ByteSize.format(status.setAsideBytes()), ranges()));
    }
    if (status.cacheFileIsLost() && status.dirtyBytes() == 0) {
      lines.add(
          "nothing in the cache was dirty, and no data is lost with its file, which was %s; make a new one with pcache format%s"
              .formatted(
                  cacheIsDeleted() ? "deleted" : "truncated", cacheIsDeleted() ? "" : " --force"));
    }
    if (hasFileFault()) {
      lines.addAll(status.faults());
    }
    return lines;
  }

  /**
   * Whether there is anything to do about a file. A deleted cache file that held nothing dirty
   * needs no copy.
   */
  private boolean hasFileFault() {
    return FAULTS.contains(status.backingFile())
        || (FAULTS.contains(status.cacheFile()) && !(cacheIsDeleted() && dirtyBytes() == 0));
  }

  /** What can still be written back. */
  long dirtyBytes() {
    return status.dirtyBytes() - status.setAsideBytes();
  }

  /** Whether the cache file is deleted, and what it holds ends with the process. */
  boolean cacheIsDeleted() {
    return status.cacheFile().equals(DELETED);
  }

  /** Whether data ends with the process that nothing else has. */
  boolean endsWithProcess() {
    return backingIsDeleted() || (cacheIsDeleted() && dirtyBytes() > 0);
  }

  /** Whether data is left that no cache brings back by itself. */
  boolean isLost() {
    return endsWithProcess() || (cacheIsCut() && dirtyBytes() > 0);
  }

  /** The exit code where that happens. */
  int lossExitCode() {
    return (backingIsDeleted() ? ErrorKind.BACKING_FAILURE : ErrorKind.MEDIA_FAILURE).exitCode();
  }

  private boolean backingIsDeleted() {
    return status.backingFile().equals(DELETED);
  }

  private boolean cacheIsCut() {
    return status.cacheFile().equals(CUT);
  }

  private String whereItStays() {
    if (cacheIsDeleted()) {
      return "are only in the cache, whose file was deleted, and end with this process";
    }
    if (status.cacheFile().equals(REMOVED)) {
      return "are not written back; what was flushed is on the cache device, which was removed, and is served once it is back";
    }
    if (cacheIsCut()) {
      return "are not written back, and the cache, whose file was cut, does not open again until its file is restored to all of its length from a copy; zeroes in place of what was cut off would be served as data";
    }
    if (status.writeback().equals("stopped")) {
      return "are not written back; what the cache device still has of them is served next time";
    }
    return status.cacheFile().equals(MOVED)
        ? "stay in the cache, which is not at its path any more, and are served next time"
        : "stay in the cache and are served next time";
  }

  private String ranges() {
    return status.setAside().stream().map(DamagedRange::toString).collect(Collectors.joining(", "));
  }
}
