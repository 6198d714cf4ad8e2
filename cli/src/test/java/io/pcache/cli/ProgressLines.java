package io.pcache.cli;

import java.util.regex.Pattern;

/** Lines of {@link ProgressLine}, which a real process prints where the machine is slow. */
final class ProgressLines {
  private static final Pattern LINE =
      Pattern.compile("^pcache: \\w[\\w ]*ing\\b.* \\(\\d+ s\\)\\R", Pattern.MULTILINE);

  private ProgressLines() {}

  /** The same output without them. */
  static String removedFrom(String output) {
    return LINE.matcher(output).replaceAll("");
  }
}
