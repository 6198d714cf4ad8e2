package io.pcache.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store in an array, whose next transfers can be made to fail, and whose transfers can be held
 * up.
 */
final class ArrayStore implements BackingStore {
  private final byte[] bytes;
  private final Queue<IOException> failures = new ArrayDeque<>();
  private final Queue<Throwable> surprises = new ArrayDeque<>();
  private final Semaphore permits = new Semaphore(Integer.MAX_VALUE / 2);
  final AtomicInteger waiting = new AtomicInteger();
  final ConcurrentHashMap.KeySetView<Thread, Boolean> threads = ConcurrentHashMap.newKeySet();
  volatile boolean closed;

  ArrayStore(int sizeBytes) {
    bytes = new byte[sizeBytes];
  }

  byte[] bytes() {
    return bytes;
  }

  void failNext(String message) {
    failures.add(new IOException(message));
  }

  void surpriseNext(Throwable surprise) {
    surprises.add(surprise);
  }

  /** Lets no transfer pass until {@link #letAllPass}. */
  void holdAll() {
    permits.drainPermits();
  }

  void letAllPass() {
    permits.release(Integer.MAX_VALUE / 2);
  }

  @Override
  public String name() {
    return "array";
  }

  @Override
  public long sizeBytes() {
    return bytes.length;
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    pass();
    MemorySegment all = MemorySegment.ofArray(bytes);
    long position = offsetBytes;
    for (MemorySegment piece : pieces) {
      MemorySegment.copy(all, position, piece, 0, piece.byteSize());
      position += piece.byteSize();
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    pass();
    MemorySegment all = MemorySegment.ofArray(bytes);
    long position = offsetBytes;
    for (MemorySegment piece : pieces) {
      MemorySegment.copy(piece, 0, all, position, piece.byteSize());
      position += piece.byteSize();
    }
  }

  @Override
  public void flush() throws IOException {
    pass();
  }

  private void pass() throws IOException {
    threads.add(Thread.currentThread());
    waiting.incrementAndGet();
    permits.acquireUninterruptibly();
    waiting.decrementAndGet();
    synchronized (failures) {
      Throwable surprise = surprises.poll();
      if (surprise instanceof RuntimeException e) {
        throw e;
      }
      if (surprise instanceof Error e) {
        throw e;
      }
      IOException failure = failures.poll();
      if (failure != null) {
        throw failure;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
