package io.pcache.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How long a stop waits while nothing moves, as people write it. */
final class StopTimeout implements ITypeConverter<Duration> {
  private static final int MAX_SECONDS = 86_400;

  @Override
  public Duration convert(String text) {
    if (text.matches("[0-9]{1,5}")) {
      int seconds = Integer.parseInt(text);
      if (seconds >= 1 && seconds <= MAX_SECONDS) {
        return Duration.ofSeconds(seconds);
      }
    }
    throw new TypeConversionException(
        "'" + text + "' is no number of seconds; give 1 to " + MAX_SECONDS);
  }
}
