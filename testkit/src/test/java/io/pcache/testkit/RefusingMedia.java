package io.pcache.testkit;

import io.pcache.error.NoSpaceException;
import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** A cache device that fails writes to a range of it. Not thread-safe. */
final class RefusingMedia implements Media {
  private final Media media;
  private final Function<String, RuntimeException> failure;
  private long refusedFromBytes = Long.MAX_VALUE;
  private long refusedToBytes;
  private int refusals;

  /** Wraps a device that will have no room. Refuses nothing at first. */
  RefusingMedia(Media media) {
    this(media, NoSpaceException::new);
  }

  /** Wraps a device that will fail in some way. Refuses nothing at first. */
  RefusingMedia(Media media, Function<String, RuntimeException> failure) {
    this.media = media;
    this.failure = failure;
  }

  /** From now on, nothing is written to this range. */
  void refuse(long offsetBytes, long lengthBytes) {
    refusedFromBytes = offsetBytes;
    refusedToBytes = offsetBytes + lengthBytes;
  }

  /** Everything is written again. */
  void accept() {
    refuse(Long.MAX_VALUE / 2, 0);
  }

  /** How often it has refused. */
  int refusals() {
    return refusals;
  }

  private void check(long offsetBytes, long lengthBytes) {
    if (offsetBytes < refusedToBytes && refusedFromBytes < offsetBytes + lengthBytes) {
      refusals++;
      throw failure.apply("injected fault: no room at byte " + offsetBytes);
    }
  }

  @Override
  public void write(long offset, MemorySegment source, long sourceOffset, long length) {
    check(offset, length);
    media.write(offset, source, sourceOffset, length);
  }

  @Override
  public void zero(long offset, long length) {
    check(offset, length);
    media.zero(offset, length);
  }

  @Override
  public long sizeBytes() {
    return media.sizeBytes();
  }

  @Override
  public MemorySegment view() {
    return media.view();
  }

  @Override
  public void recycle(long offset, long length) {
    media.recycle(offset, length);
  }

  @Override
  public void sync() {
    media.sync();
  }

  @Override
  public boolean syncMayBlock() {
    return media.syncMayBlock();
  }

  @Override
  public MediaKind kind() {
    return media.kind();
  }

  @Override
  public void close() {
    media.close();
  }
}
