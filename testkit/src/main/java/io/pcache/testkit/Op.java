package io.pcache.testkit;

/**
 * One operation of a recorded run.
 *
 * @param kind what is done
 * @param offsetBytes where, a multiple of 512; 0 where it means nothing
 * @param lengthBytes how much, a multiple of 512; for {@link Kind#SLEEP} the milliseconds
 * @param id the id of what is written, 0 where nothing is
 */
public record Op(Kind kind, long offsetBytes, long lengthBytes, int id) {
  /** What is done, and the letter for it in a file of operations. */
  public enum Kind {
    /** A write. */
    WRITE('w', 3),
    /** A write that is durable when it completes. */
    FUA_WRITE('u', 3),
    /** A read. */
    READ('r', 2),
    /** A flush. */
    FLUSH('f', 0),
    /** A pause; players without a clock of their own skip it. */
    SLEEP('s', 1);

    private final char letter;
    private final int operands;

    Kind(char letter, int operands) {
      this.letter = letter;
      this.operands = operands;
    }

    private static Kind of(String letter) {
      for (Kind kind : values()) {
        if (letter.length() == 1 && letter.charAt(0) == kind.letter) {
          return kind;
        }
      }
      throw new IllegalArgumentException("no operation '" + letter + "'");
    }
  }

  /** Whether it changes the device. */
  public boolean writes() {
    return kind == Kind.WRITE || kind == Kind.FUA_WRITE;
  }

  /** A write of {@code id}. */
  public static Op write(long offsetBytes, long lengthBytes, int id) {
    return new Op(Kind.WRITE, offsetBytes, lengthBytes, id);
  }

  /** A write of {@code id} with FUA. */
  public static Op fuaWrite(long offsetBytes, long lengthBytes, int id) {
    return new Op(Kind.FUA_WRITE, offsetBytes, lengthBytes, id);
  }

  /** A read. */
  public static Op read(long offsetBytes, long lengthBytes) {
    return new Op(Kind.READ, offsetBytes, lengthBytes, 0);
  }

  /** A flush. */
  public static Op flush() {
    return new Op(Kind.FLUSH, 0, 0, 0);
  }

  static Op parse(String line) {
    String[] words = line.strip().split(" +", -1);
    Kind kind = Kind.of(words[0]);
    if (words.length != kind.operands + 1) {
      throw new IllegalArgumentException("'" + line + "': " + kind.operands + " operands expected");
    }
    return switch (kind) {
      case WRITE, FUA_WRITE ->
          new Op(
              kind, Long.parseLong(words[1]), Long.parseLong(words[2]), Integer.parseInt(words[3]));
      case READ -> new Op(kind, Long.parseLong(words[1]), Long.parseLong(words[2]), 0);
      case FLUSH -> flush();
      case SLEEP -> new Op(kind, 0, Long.parseLong(words[1]), 0);
    };
  }

  /** The line of this operation in a file. */
  @Override
  public String toString() {
    return switch (kind) {
      case WRITE, FUA_WRITE -> "%s %d %d %d".formatted(kind.letter, offsetBytes, lengthBytes, id);
      case READ -> "%s %d %d".formatted(kind.letter, offsetBytes, lengthBytes);
      case FLUSH -> String.valueOf(kind.letter);
      case SLEEP -> kind.letter + " " + lengthBytes;
    };
  }
}
