package io.pcache.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An output that never makes a writer wait, also where it leads into a pipe that nobody reads. A
 * thread of its own writes what was handed in, in order. What does not fit into a bounded memory
 * meanwhile is dropped; the number of dropped lines is written as soon as there is room.
 *
 * <p>Thread-safe. What one call hands in stays together where it ends a line or is flushed.
 */
final class DetachedOutput extends OutputStream {
  private static final int MAX_WAITING_BYTES = 1 << 20;

  private final OutputStream target;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private long droppedLines;
  private long writtenPieces;
  private boolean writing;

  private DetachedOutput(OutputStream target) {
    this.target = target;
  }

  /** An output that leads to another one. */
  static DetachedOutput to(OutputStream target, String threadName) {
    DetachedOutput output = new DetachedOutput(target);
    Thread.ofPlatform().daemon(true).name(threadName).start(output::writeAll);
    return output;
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    byte[] piece = Arrays.copyOfRange(bytes, offset, offset + length);
    lock.lock();
    try {
      if (droppedLines > 0 && hasRoomFor(piece.length)) {
        addNotice();
      }
      if (hasRoomFor(piece.length)) {
        add(piece);
      } else {
        droppedLines += lineEnds(piece);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoomFor(int bytes) {
    return waitingBytes + bytes <= MAX_WAITING_BYTES;
  }

  private void add(byte[] piece) {
    waiting.add(piece);
    waitingBytes += piece.length;
    changed.signalAll();
  }

  private void addNotice() {
    String notice =
        "pcache: " + droppedLines + " lines are missing here: nobody read them in time\n";
    droppedLines = 0;
    add(notice.getBytes(StandardCharsets.UTF_8));
  }

  private static int lineEnds(byte[] piece) {
    int count = 0;
    for (byte b : piece) {
      count += b == '\n' ? 1 : 0;
    }
    return count;
  }

  private void writeAll() {
    try {
      while (true) {
        target.write(take());
        target.flush();
      }
    } catch (IOException | InterruptedException e) {
      // Whoever read it has gone. Nobody is left to be told; the rest is dropped.
    }
  }

  private byte[] take() throws InterruptedException {
    lock.lock();
    try {
      if (writing) {
        writing = false;
        writtenPieces++;
        changed.signalAll();
      }
      while (waiting.isEmpty()) {
        if (droppedLines > 0) {
          addNotice();
        } else {
          changed.await();
        }
      }
      byte[] piece = waiting.remove();
      waitingBytes -= piece.length;
      writing = true;
      return piece;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until everything has been written, or until nothing has moved for some time.
   *
   * @param limitNanos how long to wait without progress
   * @return whether everything has been written
   */
  boolean await(long limitNanos) throws InterruptedException {
    lock.lock();
    try {
      long seen = writtenPieces;
      long left = limitNanos;
      while (writing || !waiting.isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
        if (writtenPieces != seen) {
          seen = writtenPieces;
          left = limitNanos;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
