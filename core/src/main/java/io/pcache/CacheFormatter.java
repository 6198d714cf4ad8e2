package io.pcache;

import io.pcache.error.BadOptionException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.format.CacheInfo;
import io.pcache.format.Identity;
import io.pcache.format.LogPosition;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.Superblock;
import io.pcache.format.TailPosition;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Formats a cache device. The superblock is invalidated first and written last, each durably, so
 * that a crash in between leaves a device that is not a cache.
 */
final class CacheFormatter {
  private CacheFormatter() {}

  static void format(FormatOptions options) {
    checkLabel(options.label());
    Path path = options.cache();
    checkSize(options);
    if (!options.force() && Files.exists(path)) {
      refuseKnownContents(path);
    }
    allocate(options);
    try (Media media = MediaFiles.open(path)) {
      if (media.sizeBytes() < MediaLayout.MIN_CACHE_BYTES) {
        throw tooSmall(path, media.sizeBytes());
      }
      write(media, options);
    }
  }

  private static void checkLabel(@Nullable String label) {
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

  private static NoSpaceException tooSmall(Path path, long sizeBytes) {
    return new NoSpaceException(
        "%s: %d bytes are too small for a cache; at least %d (512 MiB) expected"
            .formatted(path, sizeBytes, MediaLayout.MIN_CACHE_BYTES));
  }

  private static void refuseKnownContents(Path path) {
    try (Media media = MediaFiles.open(path)) {
      Optional<String> known = KnownContents.of(media.view());
      if (known.isPresent()) {
        throw new UnsupportedFormatException(
            path
                + ": holds "
                + known.get()
                + "; formatting would destroy it. Use another device, or --force");
      }
    }
  }

  /** A regular file gets every block; a block device has them. */
  private static void allocate(FormatOptions options) {
    Path path = options.cache();
    if (Files.isRegularFile(path) || !Files.exists(path)) {
      MediaFiles.allocate(path, options.sizeBytes());
    } else if (options.sizeBytes() != 0) {
      throw new BadOptionException(path + ": --size is for files; a block device is used whole");
    }
  }

  /** Writes an empty cache onto media of any size that holds a segment. Durable on return. */
  static void write(Media media, FormatOptions options) {
    int segments = MediaLayout.segmentsOn(media.sizeBytes());
    media.zero(0, MediaLayout.SEGMENTS_OFFSET);
    media.sync();
    SegmentChain chain = SegmentChain.format(media, segments);
    media.zero(chain.dataOffset(0), MediaLayout.DATA_AREA_BYTES);
    LogPosition start = new LogPosition(0, 0);
    TailPosition.keyTail(media, segments).storeDurably(start);
    TailPosition.dirtyTail(media, segments).storeDurably(start);
    CacheInfo.fresh(segments, options.dataCrc()).storeDurably(media);
    Identity.fresh(options.label()).storeDurably(media);
    new Superblock(0, segments).store(media);
    media.sync();
  }
}
