package io.pcache.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.ref.SoftReference;
import java.util.BitSet;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * The bytes of a simulated device. It knows which pages may hold anything, so that wide ranges of
 * zeroes cost nothing, and it can be <i>forked</i>: from then on it remembers what every change
 * overwrote, and rolls all of it back at the end of the fork. Forks nest.
 *
 * <p>Thread-safety: none.
 */
final class CrashMemory {
  static final int PAGE_BYTES = 4096;

  /** What a device gave up is used again: clearing what was touched costs less than new memory. */
  private static final ArrayBlockingQueue<SoftReference<long[]>> IDLE = new ArrayBlockingQueue<>(2);

  private static final MemorySegment ZEROES =
      MemorySegment.ofArray(new long[PAGE_BYTES / Long.BYTES]);

  private final long[] words;
  private final MemorySegment bytes;
  private final BitSet touchedPages = new BitSet();
  private final UndoJournal journal = new UndoJournal();
  private int forks;
  private boolean released;

  private CrashMemory(long[] words, long sizeBytes) {
    this.words = words;
    this.bytes = MemorySegment.ofArray(words).asSlice(0, sizeBytes);
  }

  /** Memory of zeroes. */
  static CrashMemory ofSize(long sizeBytes) {
    int length = Math.toIntExact((sizeBytes + Long.BYTES - 1) / Long.BYTES);
    SoftReference<long[]> reference = IDLE.poll();
    long[] idle = reference == null ? null : reference.get();
    if (idle != null && idle.length >= length && idle.length / 4 <= length) {
      return new CrashMemory(idle, sizeBytes);
    }
    return new CrashMemory(new long[length], sizeBytes);
  }

  /** All bytes, live; whoever changes some has called {@link #willChange} before. */
  MemorySegment bytes() {
    return bytes;
  }

  /** A range is about to be changed. */
  void willChange(long offsetBytes, long lengthBytes) {
    if (lengthBytes <= 0) {
      return;
    }
    if (forks > 0) {
      journal.keep(bytes, offsetBytes, lengthBytes);
    }
    touch(offsetBytes, lengthBytes);
  }

  private void touch(long offsetBytes, long lengthBytes) {
    int first = (int) (offsetBytes / PAGE_BYTES);
    int last = (int) ((offsetBytes + lengthBytes - 1) / PAGE_BYTES);
    touchedPages.set(first, last + 1);
  }

  /** The first page from {@code page} on that may hold anything, or -1. */
  int nextTouchedPage(int page) {
    return touchedPages.nextSetBit(page);
  }

  /** Whether a range reads as zeroes. */
  boolean isZero(long offsetBytes, long lengthBytes) {
    long end = offsetBytes + lengthBytes;
    for (int page = nextTouchedPage((int) (offsetBytes / PAGE_BYTES));
        page >= 0 && (long) page * PAGE_BYTES < end;
        page = nextTouchedPage(page + 1)) {
      long from = Math.max(offsetBytes, (long) page * PAGE_BYTES);
      long to = Math.min(end, (page + 1L) * PAGE_BYTES);
      if (MemorySegment.mismatch(bytes, from, to, ZEROES, 0, to - from) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Begins to remember what changes overwrite. Returns what {@link #rollBack} takes. */
  int fork() {
    forks++;
    return journal.entries();
  }

  /** Ends a fork: everything is as it was when it began. */
  void rollBack(int mark) {
    forks--;
    journal.undoTo(mark, bytes, this::touch);
  }

  CrashMemory copy() {
    CrashMemory copy = ofSize(bytes.byteSize());
    for (int page = nextTouchedPage(0); page >= 0; page = nextTouchedPage(page + 1)) {
      long at = (long) page * PAGE_BYTES;
      long length = Math.min(PAGE_BYTES, bytes.byteSize() - at);
      MemorySegment.copy(bytes, at, copy.bytes, at, length);
    }
    copy.touchedPages.or(touchedPages);
    return copy;
  }

  /** Gives the memory up, for the next device that needs some. */
  void release() {
    if (released) {
      return;
    }
    released = true;
    for (int page = nextTouchedPage(0); page >= 0; page = nextTouchedPage(page + 1)) {
      long at = (long) page * PAGE_BYTES;
      bytes.asSlice(at, Math.min(PAGE_BYTES, bytes.byteSize() - at)).fill((byte) 0);
    }
    var _ = IDLE.offer(new SoftReference<>(words));
  }
}
