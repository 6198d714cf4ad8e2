package io.pcache.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;

/** How long a stop waits while nothing moves, as people write it: whole seconds, up to a day. */
final class StopTimeout implements ITypeConverter<Duration> {
  private static final int MAX = 86_400;

  @Override
  public Duration convert(String text) {
    return Seconds.parse(text, MAX);
  }
}
