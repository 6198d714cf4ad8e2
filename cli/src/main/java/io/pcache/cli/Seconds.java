package io.pcache.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time to wait, as people write it: whole seconds, 1 to 3600. */
final class Seconds implements ITypeConverter<Duration> {
  private static final int MAX = 3600;

  @Override
  public Duration convert(String text) {
    return parse(text, MAX);
  }

  /** Takes whole seconds from 1 to {@code max}. */
  static Duration parse(String text, int max) {
    int digits = String.valueOf(max).length();
    int seconds = text.matches("[0-9]{1," + digits + "}") ? Integer.parseInt(text) : 0;
    if (seconds < 1 || seconds > max) {
      throw new TypeConversionException(
          "'%s' is no whole number of seconds from 1 to %d".formatted(text, max));
    }
    return Duration.ofSeconds(seconds);
  }
}
