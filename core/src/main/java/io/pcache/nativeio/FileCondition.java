package io.pcache.nativeio;

import java.util.Locale;

/**
 * What has become of an open file or block device since it was opened.
 *
 * @param kind in a word
 * @param description in words, with what can be done; empty where it is as it was opened
 */
public record FileCondition(Kind kind, String description) {
  /** Nothing has happened to it. */
  public static final FileCondition AS_OPENED = new FileCondition(Kind.AS_OPENED, "");

  /** What can happen to a file, from harmless to worst. */
  public enum Kind {
    /** As it was opened. */
    AS_OPENED,
    /** Larger. What it had is there. */
    GROWN,
    /** Its path leads nowhere or to another file; it has a name elsewhere. */
    MOVED,
    /** Smaller. What lay behind its new end is lost, also if it grows again. */
    CUT,
    /** It has no name any more: it ends with the last process that has it open. */
    DELETED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Whether anything is lost, or will be unless somebody acts. */
  public boolean isFault() {
    return kind.compareTo(Kind.MOVED) >= 0;
  }

  /** What is known now of a file of which this was known: what it has lost does not come back. */
  public FileCondition followedBy(FileCondition now) {
    boolean isLost = kind == Kind.CUT || kind == Kind.DELETED;
    return isLost && now.kind.compareTo(kind) < 0 ? this : now;
  }
}
