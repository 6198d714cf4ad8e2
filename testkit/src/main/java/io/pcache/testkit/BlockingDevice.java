package io.pcache.testkit;

import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * A {@link BlockDevice} as tests like it: every call submits one request and waits for it. A failed
 * request throws its {@link io.pcache.error.PcacheException}; one that does not complete within
 * four minutes is taken for a hang and fails the test.
 *
 * <p>Thread-safety: all methods from any thread; requests are pooled.
 */
public final class BlockingDevice {
  private static final int PIECE_BYTES = 1 << 20;
  private static final Duration HANG = Duration.ofMinutes(4);

  private final BlockDevice device;
  private final ConcurrentLinkedQueue<AwaitedRequest> idle = new ConcurrentLinkedQueue<>();

  /** Wraps a device. */
  public BlockingDevice(BlockDevice device) {
    this.device = device;
  }

  /** Size of the device in bytes. */
  public long sizeBytes() {
    return device.sizeBytes();
  }

  /** Reads {@code destination.byteSize()} bytes. */
  public void read(long offsetBytes, MemorySegment destination) {
    carryOut(request -> request.prepareRead(offsetBytes, destination));
  }

  /** Writes {@code source.byteSize()} bytes. */
  public void write(long offsetBytes, MemorySegment source) {
    carryOut(request -> request.prepareWrite(offsetBytes, source));
  }

  /** Writes {@code source.byteSize()} bytes with FUA. */
  public void writeDurably(long offsetBytes, MemorySegment source) {
    carryOut(request -> {
      request.prepareWrite(offsetBytes, source);
      request.completeWhenDurable();
    });
  }

  /** Writes the content of one id. */
  public void write(long offsetBytes, long lengthBytes, int id) {
    try (Arena arena = Arena.ofShared()) {
      write(offsetBytes, content(arena, offsetBytes, lengthBytes, id));
    }
  }

  /** Writes the content of one id with FUA. */
  public void writeDurably(long offsetBytes, long lengthBytes, int id) {
    try (Arena arena = Arena.ofShared()) {
      writeDurably(offsetBytes, content(arena, offsetBytes, lengthBytes, id));
    }
  }

  private static MemorySegment content(Arena arena, long offsetBytes, long lengthBytes, int id) {
    MemorySegment content = arena.allocate(lengthBytes, Long.BYTES);
    SectorContent.fill(content, offsetBytes / BlockDevice.SECTOR_BYTES, id);
    return content;
  }

  /** Writes zeroes. */
  public void writeZeroes(long offsetBytes, long lengthBytes) {
    carryOut(request -> request.prepareWriteZeroes(offsetBytes, lengthBytes));
  }

  /** Writes zeroes with FUA. */
  public void writeZeroesDurably(long offsetBytes, long lengthBytes) {
    carryOut(request -> {
      request.prepareWriteZeroes(offsetBytes, lengthBytes);
      request.completeWhenDurable();
    });
  }

  /** Brings a range into the cache. */
  public void prefetch(long offsetBytes, long lengthBytes) {
    carryOut(request -> request.preparePrefetch(offsetBytes, lengthBytes));
  }

  /** Makes every completed write durable. */
  public void flush() {
    carryOut(AwaitedRequest::prepareFlush);
  }

  /** Reads a range and looks at nothing. */
  public void readAndForget(long offsetBytes, long lengthBytes) {
    try (Arena arena = Arena.ofShared()) {
      read(offsetBytes, arena.allocate(lengthBytes, Long.BYTES));
    }
  }

  /** Reads the whole device from start to end; the pieces share one buffer. */
  public void readAll(Consumer<MemorySegment> piece) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(PIECE_BYTES, Long.BYTES);
      for (long offset = 0; offset < sizeBytes(); offset += PIECE_BYTES) {
        MemorySegment part = buffer.asSlice(0, Math.min(PIECE_BYTES, sizeBytes() - offset));
        read(offset, part);
        piece.accept(part);
      }
    }
  }

  private void carryOut(Consumer<AwaitedRequest> prepare) {
    AwaitedRequest pooled = idle.poll();
    AwaitedRequest request = pooled == null ? new AwaitedRequest() : pooled;
    prepare.accept(request);
    carryOut(device, request);
    idle.add(request);
  }

  /** Submits a prepared request and waits for it; throws what it failed with. */
  static void carryOut(BlockDevice device, AwaitedRequest request) {
    device.submit(request);
    try {
      if (!request.await(HANG)) {
        throw new AssertionError(
            "%s of %d bytes at %d has not completed in %d s"
                .formatted(
                    request.op(), request.lengthBytes(), request.offsetBytes(), HANG.toSeconds()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for " + request.op(), e);
    }
  }
}
