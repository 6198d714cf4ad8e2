package io.pcache;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.UnsupportedFormatException;
import java.util.function.Supplier;

/**
 * Prefixes errors about a cache device's contents with the device's name. The code that decodes a
 * record knows its place on the device, but not the device.
 */
final class NamedCacheDevice {
  private NamedCacheDevice() {}

  /** Runs one step of reading a cache device. */
  static <T> T read(String cache, Supplier<T> step) {
    try {
      return step.get();
    } catch (UnsupportedFormatException e) {
      throw new UnsupportedFormatException(cache + ": " + e.getMessage(), e);
    } catch (CorruptMediaException e) {
      throw new CorruptMediaException(cache + ": " + e.getMessage(), e);
    } catch (NoSpaceException e) {
      throw new NoSpaceException(cache + ": " + e.getMessage(), e);
    }
  }
}
