package io.pcache.cli;

import io.pcache.error.BadOptionException;
import java.math.BigInteger;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The gc_percent of a cache, as people write it. */
final class GcPercent implements ITypeConverter<Integer> {
  private static final BigInteger MAX = BigInteger.valueOf(90);

  @Override
  public Integer convert(String text) {
    try {
      return parse(text);
    } catch (BadOptionException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads a percentage. Never wraps around: a number of any length is seen whole before it is
   * judged.
   *
   * @return 0 to 90
   */
  static int parse(String text) {
    if (!text.matches("-?[0-9]{1,100}")) {
      throw new BadOptionException("gc_percent '" + text + "' is not a whole number; give 0 to 90");
    }
    BigInteger value = new BigInteger(text);
    if (value.signum() < 0 || value.compareTo(MAX) > 0) {
      throw new BadOptionException("gc_percent " + text + " is out of range; give 0 to 90");
    }
    return value.intValueExact();
  }
}
