package io.pcache.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time to wait, as people write it: whole seconds, 1 to 3600. */
final class Seconds implements ITypeConverter<Duration> {
  private static final int MAX = 3600;

  @Override
  public Duration convert(String text) {
    int seconds = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (seconds < 1 || seconds > MAX) {
      throw new TypeConversionException(
          "'%s' is no whole number of seconds from 1 to %d".formatted(text, MAX));
    }
    return Duration.ofSeconds(seconds);
  }
}
