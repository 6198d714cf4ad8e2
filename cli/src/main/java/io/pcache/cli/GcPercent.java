package io.pcache.cli;

import io.pcache.OpenOptions;
import io.pcache.error.BadOptionException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The gc_percent of a cache, as people write it. */
final class GcPercent implements ITypeConverter<Integer> {
  /** Fits an int, so that nothing wraps around before it is judged. */
  private static final String WHOLE_NUMBER = "-?[0-9]{1,9}";

  @Override
  public Integer convert(String text) {
    try {
      return parse(text);
    } catch (BadOptionException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads a percentage.
   *
   * @return 0 to 90
   * @throws BadOptionException where it is anything else
   */
  static int parse(String text) {
    if (!text.matches(WHOLE_NUMBER)) {
      throw new BadOptionException(
          "gc_percent '"
              + text
              + "' is not a whole number of at most 9 digits; give "
              + OpenOptions.GC_PERCENT_RANGE);
    }
    int percent = Integer.parseInt(text);
    OpenOptions.checkGcPercent(percent);
    return percent;
  }
}
