package io.pcache;

import io.pcache.error.BadOptionException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.format.CacheTraces;
import io.pcache.format.FreshFormat;
import io.pcache.format.Identity;
import io.pcache.format.MediaLayout;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.nativeio.LoopDevices;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Formats a cache device, if nothing known is on it or the caller forces it. */
final class CacheFormatter {
  private CacheFormatter() {}

  static void format(FormatOptions options) {
    checkLabel(options.label());
    Path path = options.cache();
    checkSize(options);
    LoopDevices.refuseAttached(path);
    if (!options.force() && Files.exists(path)) {
      refuseKnownContents(path);
    }
    allocate(options);
    try (Media media = MediaFiles.open(path)) {
      if (media.sizeBytes() < MediaLayout.MIN_CACHE_BYTES) {
        throw tooSmall(path, media.sizeBytes());
      }
      FreshFormat.write(media, options.dataCrc(), options.label());
    }
  }

  private static void checkLabel(@Nullable String label) {
    if (label != null && label.codePoints().anyMatch(Character::isISOControl)) {
      throw new BadOptionException(
          "the label holds a control character, such as a line's end; give plain text");
    }
    int bytes = label == null ? 0 : label.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > Identity.MAX_LABEL_BYTES) {
      throw new BadOptionException(
          "label of "
              + bytes
              + " bytes; give at most "
              + Identity.MAX_LABEL_BYTES
              + " bytes of UTF-8");
    }
  }

  private static void checkSize(FormatOptions options) {
    if (options.cache().toString().isEmpty()) {
      throw new BadOptionException("the cache device's name is empty; give a device or a file");
    }
    boolean exists = Files.exists(options.cache());
    if (!exists && options.sizeBytes() == 0) {
      throw new BadOptionException(
          options.cache() + ": no such file or device; give --size to create a file");
    }
    if (options.sizeBytes() != 0 && options.sizeBytes() < MediaLayout.MIN_CACHE_BYTES) {
      throw tooSmall(options.cache(), options.sizeBytes());
    }
    if (options.sizeBytes() < 0) {
      throw new BadOptionException("size " + options.sizeBytes() + ": a size above 0 expected");
    }
  }

  /**
   * Refuses a size below that of the existing file. To use the whole file would be a surprise, and
   * so would be truncating it.
   */
  private static void refuseToShrink(FormatOptions options) {
    long foundBytes = sizeBytes(options.cache());
    if (options.sizeBytes() != 0 && options.sizeBytes() < foundBytes) {
      throw new BadOptionException(
          "%s has %d bytes already, more than the %d that were asked for; leave out the size to use all of it, or remove the file first"
              .formatted(options.cache(), foundBytes, options.sizeBytes()));
    }
  }

  /** Returns the size of a file, 0 if it does not exist. */
  private static long sizeBytes(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new MediaFailureException(file + ": cannot get its size: " + e.getMessage(), e);
    }
  }

  private static NoSpaceException tooSmall(Path path, long sizeBytes) {
    return new NoSpaceException(
        "%s: %d bytes are too small for a cache; at least %d (512 MiB) expected"
            .formatted(path, sizeBytes, MediaLayout.MIN_CACHE_BYTES));
  }

  private static void refuseKnownContents(Path path) {
    try (Media media = MediaFiles.open(path)) {
      Optional<String> cache = CacheTraces.describe(media.view());
      Optional<String> foreign =
          KnownContents.of(path, media.view()).map(KnownContents.Found::what);
      if (cache.isPresent() || foreign.isPresent()) {
        String contents =
            Stream.of(foreign, cache)
                .flatMap(Optional::stream)
                .collect(Collectors.joining(" and "));
        throw new UnsupportedFormatException(
            "%s: holds %s; formatting would destroy it. Use another device%s, or give it up with --force"
                .formatted(
                    path,
                    contents,
                    foreign.isPresent() || wasCut(media)
                        ? ""
                        : ", see with 'pcache repair' what can be restored"));
      }
    } catch (InternalError e) {
      throw new MediaFailureException(
          path + ": a page of the device failed while looking at what it holds; check the device",
          e);
    }
  }

  /** What a repair finds on a device that was cut is not whole. */
  private static boolean wasCut(Media media) {
    try {
      return Identity.load(media).map(Identity::cutToBytes).orElse(0L) != 0;
    } catch (UnsupportedFormatException e) {
      return false; // A later version knows.
    }
  }

  /** Allocates every block of a regular file. A block device needs no allocation. */
  private static void allocate(FormatOptions options) {
    Path path = options.cache();
    if (Files.isRegularFile(path) || !Files.exists(path)) {
      refuseToShrink(options);
      MediaFiles.allocate(path, options.sizeBytes());
    } else if (options.sizeBytes() != 0) {
      throw new BadOptionException(path + ": --size is for files; a block device is used whole");
    }
  }
}
