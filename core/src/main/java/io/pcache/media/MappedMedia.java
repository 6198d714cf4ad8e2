package io.pcache.media;

import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.nativeio.FileCondition;
import io.pcache.nativeio.FullFileSystemException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The common base of the three file kinds: the locked descriptor, the mapping, and their release.
 */
abstract class MappedMedia implements Media {
  final NativeFile file;
  final MemorySegment mapping;
  private final MemorySegment view;
  private final Arena arena;
  private final MediaKind kind;

  /** Takes over file, arena and mapping; {@link #close} releases all of them. */
  MappedMedia(NativeFile file, MemorySegment mapping, Arena arena, MediaKind kind) {
    this.file = file;
    this.mapping = mapping;
    this.view = mapping.asReadOnly();
    this.arena = arena;
    this.kind = kind;
  }

  @Override
  public final long sizeBytes() {
    return mapping.byteSize();
  }

  @Override
  public final MemorySegment view() {
    return view;
  }

  @Override
  public final MediaKind kind() {
    return kind;
  }

  @Override
  public final FileCondition condition() throws IOException {
    return file.condition();
  }

  @Override
  public final void checkLength() {
    try {
      file.refuseIfCut();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public final long movedSectors() {
    return file.movedSectors();
  }

  @Override
  public final void close() {
    try {
      arena.close();
    } finally {
      closeFile();
    }
  }

  private void closeFile() {
    try {
      file.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Converts an I/O error into the typed error. */
  static PcacheException failure(IOException cause) {
    String message = String.valueOf(cause.getMessage());
    return cause instanceof FullFileSystemException
        ? new NoSpaceException(message + "; make room there", cause)
        : new MediaFailureException(message, cause);
  }

  /** Converts a failed page access into the typed error of the operation that touched the page. */
  final MediaFailureException fault(String verb, long offsetBytes, InternalError cause) {
    return new MediaFailureException(
        file.path()
            + ": a page of the mapping failed at a "
            + verb
            + " near byte "
            + offsetBytes
            + "; the file was cut short, its file system is full, or its device failed",
        cause);
  }
}
