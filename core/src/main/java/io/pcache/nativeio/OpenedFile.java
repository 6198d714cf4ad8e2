package io.pcache.nativeio;

import io.pcache.nativeio.FileCondition.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Compares an open file with its state when it was opened.
 *
 * @param path its path, as it was given
 * @param descriptor its descriptor
 * @param state its state when it was opened
 * @param sizeBytes its size when it was opened, also of a block device
 */
record OpenedFile(Path path, int descriptor, FileState state, long sizeBytes) {
  /**
   * Returns the condition of the file.
   *
   * @param nowBytes its size now
   */
  FileCondition condition(long nowBytes) throws IOException {
    FileState now = Posix.stateOf(descriptor);
    FileState there = Posix.stateAt(PathBytes.of(path));
    boolean isAtPath = there != null && there.isSameFile(now);
    boolean isCut = nowBytes < sizeBytes;
    if (now.links() == 0 && !isAtPath && !isBlockDevice()) {
      long leftBytes = isCut ? nowBytes : FileCondition.WHOLE;
      String cut = isCut ? "; also, " + describeCut(nowBytes) : "";
      return new FileCondition(Kind.DELETED, leftBytes, describeDeleted(there) + cut);
    }
    if (isCut) {
      String advice = ": stop pcache, and restore the file to its full length from a copy";
      return new FileCondition(Kind.CUT, nowBytes, describeCut(nowBytes) + advice);
    }
    if (!isAtPath) {
      return new FileCondition(Kind.MOVED, FileCondition.WHOLE, describeMoved(now, there));
    }
    return nowBytes == sizeBytes
        ? FileCondition.AS_OPENED
        : new FileCondition(
            Kind.GROWN,
            FileCondition.WHOLE,
            "%s has grown from %d to %d bytes; what was added is not used"
                .formatted(path, sizeBytes, nowBytes));
  }

  /** Returns the condition of a block device that has no size any more. */
  FileCondition removed() {
    return new FileCondition(
        Kind.REMOVED,
        FileCondition.WHOLE,
        "%s was removed from this machine while it is served, or its driver has given it up; what was flushed is still on it: attach it again, and serve it again"
            .formatted(path));
  }

  boolean isBlockDevice() {
    return state.inode() == 0;
  }

  String describeCut(long nowBytes) {
    return "%s was cut from %d to %d bytes while it is served; what lay behind is lost, unless there is a copy of it"
        .formatted(path, sizeBytes, nowBytes);
  }

  private String describeDeleted(@Nullable FileState there) {
    return "%s was deleted while it is served%s; its contents end with this process: copy them before it stops, with cp --sparse=always /proc/%d/fd/%d NEWFILE"
        .formatted(
            path,
            there == null ? "" : ", and another file has its path",
            ProcessHandle.current().pid(),
            descriptor);
  }

  private String describeMoved(FileState now, @Nullable FileState there) {
    if (isBlockDevice()) {
      return "%s does not name the block device any more that is served; if the device was removed, what was not flushed is lost"
          .formatted(path);
    }
    return "%s %s while it is served; move it back, or find it by its inode %d"
        .formatted(
            path, there == null ? "was moved away" : "was replaced by another file", now.inode());
  }
}
