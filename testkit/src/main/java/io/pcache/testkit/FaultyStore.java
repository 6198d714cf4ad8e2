package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import io.pcache.backing.ForwardingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A backing store that fails and stalls on demand. Faults of a range stay until healed, as a bad
 * disk's do; a failed transfer changes nothing on the store below.
 *
 * <p>Thread-safety: all methods from any thread. No lock is held while the store below works.
 */
public final class FaultyStore extends ForwardingStore {
  private record Range(long startBytes, long endBytes) {
    boolean overlaps(long otherStartBytes, long otherEndBytes) {
      return otherStartBytes < endBytes && startBytes < otherEndBytes;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Range> badReads = new ArrayList<>();
  private final List<Range> badWrites = new ArrayList<>();
  private int flushesToFail;
  private boolean held;
  private int waiting;

  /** Wraps a store, which it closes with itself. Without faults at first. */
  public FaultyStore(BackingStore store) {
    super(store);
  }

  /** Fails every read that touches the range. */
  public void failReads(long offsetBytes, long lengthBytes) {
    add(badReads, offsetBytes, lengthBytes);
  }

  /** Fails every write that touches the range. */
  public void failWrites(long offsetBytes, long lengthBytes) {
    add(badWrites, offsetBytes, lengthBytes);
  }

  private void add(List<Range> ranges, long offsetBytes, long lengthBytes) {
    lock.lock();
    try {
      ranges.add(new Range(offsetBytes, offsetBytes + lengthBytes));
    } finally {
      lock.unlock();
    }
  }

  /** Fails the next {@code count} flushes. */
  public void failFlushes(int count) {
    lock.lock();
    try {
      flushesToFail = count;
    } finally {
      lock.unlock();
    }
  }

  /** Ends every fault. What is held stays held. */
  public void heal() {
    lock.lock();
    try {
      badReads.clear();
      badWrites.clear();
      flushesToFail = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Lets every transfer and flush that starts from now on wait. */
  public void hold() {
    lock.lock();
    try {
      held = true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets those that wait go on, and no more wait. */
  public void letGo() {
    lock.lock();
    try {
      held = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How many transfers and flushes wait. */
  public int waiting() {
    lock.lock();
    try {
      return waiting;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    admitTransfer(badReads, pieces, offsetBytes, "read");
    super.read(pieces, offsetBytes);
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    admitTransfer(badWrites, pieces, offsetBytes, "write");
    super.write(pieces, offsetBytes);
  }

  private void admitTransfer(
      List<Range> bad, List<MemorySegment> pieces, long offsetBytes, String verb)
      throws IOException {
    long endBytes = offsetBytes;
    for (MemorySegment piece : pieces) {
      endBytes += piece.byteSize();
    }
    lock.lock();
    try {
      waitWhileHeld();
      for (Range range : bad) {
        if (range.overlaps(offsetBytes, endBytes)) {
          throw new IOException("injected fault: cannot " + verb + " at byte " + offsetBytes);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void flush() throws IOException {
    lock.lock();
    try {
      waitWhileHeld();
      if (flushesToFail > 0) {
        flushesToFail--;
        throw new IOException("injected fault: cannot flush");
      }
    } finally {
      lock.unlock();
    }
    super.flush();
  }

  private void waitWhileHeld() {
    waiting++;
    while (held) {
      changed.awaitUninterruptibly();
    }
    waiting--;
  }
}
