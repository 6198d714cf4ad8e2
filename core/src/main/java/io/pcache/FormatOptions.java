package io.pcache;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to format a cache device.
 *
 * @param cache the cache device: a block device, an existing file, or a file to create
 * @param sizeBytes size of a file to create or extend, at least 512 MiB and its present size; 0
 *     keeps an existing file's. Must be 0 for a block device
 * @param dataCrc whether every key carries a checksum of its data; cannot be changed later
 * @param force whether to overwrite a device that holds anything known (a cache, a file system, a
 *     partition table)
 * @param label a name for the operator, up to 64 bytes of UTF-8, or null
 */
public record FormatOptions(
    Path cache, long sizeBytes, boolean dataCrc, boolean force, @Nullable String label) {
  /** Returns the defaults: an existing device as it is, no data checksums, nothing overwritten. */
  public static FormatOptions of(Path cache) {
    return new FormatOptions(cache, 0, false, false, null);
  }

  /** Returns a copy with another size. */
  public FormatOptions withSizeBytes(long newSizeBytes) {
    return new FormatOptions(cache, newSizeBytes, dataCrc, force, label);
  }

  /** Returns a copy with or without data checksums. */
  public FormatOptions withDataCrc(boolean newDataCrc) {
    return new FormatOptions(cache, sizeBytes, newDataCrc, force, label);
  }

  /** Returns a copy with or without permission to overwrite. */
  public FormatOptions withForce(boolean newForce) {
    return new FormatOptions(cache, sizeBytes, dataCrc, newForce, label);
  }

  /** Returns a copy with a label. */
  public FormatOptions withLabel(@Nullable String newLabel) {
    return new FormatOptions(cache, sizeBytes, dataCrc, force, newLabel);
  }
}
