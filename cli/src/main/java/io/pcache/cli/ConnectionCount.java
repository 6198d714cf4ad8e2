package io.pcache.cli;

import io.pcache.nbd.NbdServerOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of connections, as people write it. */
final class ConnectionCount implements ITypeConverter<Integer> {
  @Override
  public Integer convert(String text) {
    int count = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (count < 1 || count > NbdServerOptions.MAX_CONNECTIONS) {
      throw new TypeConversionException(
          "'%s' is no number of connections; give 1 to %d"
              .formatted(text, NbdServerOptions.MAX_CONNECTIONS));
    }
    return count;
  }
}
