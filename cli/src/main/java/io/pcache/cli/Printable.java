package io.pcache.cli;

/**
 * Text from outside, as it may be shown: labels and paths from media, what the other side of a
 * socket says. Characters that move a cursor, end a line, or turn the order of others are shown as
 * escapes, so that no such text passes for another line or does anything to a terminal.
 */
final class Printable {
  private Printable() {}

  /** The text on one line. */
  static String line(String text) {
    return escape(text, "");
  }

  /**
   * The text of several lines, as a stack trace is. All lines but the first are indented, so that
   * none looks as if it began a message.
   */
  static String lines(String text) {
    return escape(text, "\t\n").replace("\n", "\n  ").stripTrailing();
  }

  /** A JSON text. Characters that JSON allows in a string, and that are not to be shown, escape. */
  static String json(String json) {
    StringBuilder escaped = new StringBuilder(json.length());
    json.codePoints()
        .forEach(c -> {
          if (c == '\n' || isShown(c)) {
            escaped.appendCodePoint(c);
          } else {
            for (char unit : Character.toChars(c)) {
              escaped.append(String.format("\\u%04x", (int) unit));
            }
          }
        });
    return escaped.toString();
  }

  private static String escape(String text, String kept) {
    int plain = 0;
    while (plain < text.length() && isPlain(text.charAt(plain), kept)) {
      plain++;
    }
    if (plain == text.length()) {
      return text;
    }
    StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, plain);
    text.substring(plain)
        .codePoints()
        .forEach(c -> {
          if (kept.indexOf(c) >= 0 || isShown(c)) {
            escaped.appendCodePoint(c);
          } else {
            escaped.append(String.format(c < 0x100 ? "\\x%02x" : "\\u%04x", c));
          }
        });
    return escaped.toString();
  }

  private static boolean isPlain(char c, String kept) {
    return (c >= ' ' && c < 0x7f) || kept.indexOf(c) >= 0;
  }

  private static boolean isShown(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
