package io.pcache.cli;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write and read them: whole numbers of binary units, or plain bytes. */
final class ByteSize implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("(\\d+)\\s*([A-Za-z]*)");
  private static final String UNITS = "KMGTPE";
  private static final Map<String, Integer> SHIFTS =
      Map.ofEntries(
          Map.entry("", 0),
          Map.entry("b", 0),
          Map.entry("k", 10),
          Map.entry("kib", 10),
          Map.entry("m", 20),
          Map.entry("mib", 20),
          Map.entry("g", 30),
          Map.entry("gib", 30),
          Map.entry("t", 40),
          Map.entry("tib", 40),
          Map.entry("p", 50),
          Map.entry("pib", 50));

  @Override
  public Long convert(String text) {
    return parse(text);
  }

  /**
   * Reads a size: {@code 536870912}, {@code 512M} or {@code 512MiB}.
   *
   * @return bytes, above 0
   * @throws TypeConversionException with a message that shows the right form
   */
  static long parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    Integer shift =
        matcher.matches() ? SHIFTS.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
    if (shift == null) {
      throw new TypeConversionException(
          "'" + text + "' is not a size; write for instance 512M, 512MiB, 8G or plain bytes");
    }
    try {
      long bytes = Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
      if (bytes > 0) {
        return bytes;
      }
    } catch (ArithmeticException | NumberFormatException tooLarge) {
      throw new TypeConversionException("'" + text + "' is more than any device holds");
    }
    throw new TypeConversionException("'" + text + "': a size has to be above 0");
  }

  /** Writes a size with about three digits: {@code 512 B}, {@code 1.50 MiB}, {@code 31.0 GiB}. */
  static String format(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    // 1023.5 would be written as 1024 of its unit: that is 1 of the next.
    while (value >= 1023.5 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    String form = value < 9.995 ? "%.2f %siB" : value < 99.95 ? "%.1f %siB" : "%.0f %siB";
    return String.format(Locale.ROOT, form, value, UNITS.charAt(unit));
  }
}
