package io.pcache.nativeio;

import java.util.Locale;

/**
 * The condition of an open file or block device, compared with its state at open.
 *
 * @param kind the kind of change
 * @param leftBytes the size to which it was cut, also of a file that was deleted, or {@link #WHOLE}
 * @param description a text for the operator with the remedy; empty if nothing has changed
 */
public record FileCondition(Kind kind, long leftBytes, String description) {
  /** Stands for the size of a file that was not cut. */
  public static final long WHOLE = Long.MAX_VALUE;

  /** The condition of a file that has not changed. */
  public static final FileCondition AS_OPENED = new FileCondition(Kind.AS_OPENED, WHOLE, "");

  /** The kinds of change, from harmless to worst. */
  public enum Kind {
    /** Unchanged since it was opened. */
    AS_OPENED,
    /** Larger. The original contents are still there. */
    GROWN,
    /**
     * Its path names nothing or another file, but its contents are still there. Either it has a
     * name elsewhere, or it is a block device.
     */
    MOVED,
    /**
     * The block device is gone, or was for a moment. What was written to it and not synced is lost.
     */
    REMOVED,
    /** Smaller. The data behind the new end is lost, even if the file grows again. */
    CUT,
    /** It has no name any more. It vanishes with the last process that has it open. */
    DELETED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Returns whether the file was cut, so that data behind its end is lost. */
  public boolean isCut() {
    return leftBytes < WHOLE;
  }

  /** Returns whether the file may have lost data, so that nothing more may rely on it. */
  public boolean hasLostData() {
    return isCut() || kind == Kind.REMOVED;
  }

  /** Returns whether data is lost, or needs the operator's action to be safe. */
  public boolean isFault() {
    return kind.compareTo(Kind.MOVED) >= 0;
  }

  /**
   * Combines this condition with a later one. A loss is kept, because lost data does not come back.
   */
  public FileCondition followedBy(FileCondition now) {
    boolean stays = kind.compareTo(Kind.REMOVED) >= 0;
    return stays && now.kind.compareTo(kind) < 0 ? this : now;
  }
}
