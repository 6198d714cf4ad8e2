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
 * meanwhile is dropped, and so is what cannot be written, as where a file system is full. The
 * number of dropped lines is written as soon as there is room, or before what comes next.
 *
 * <p>Thread-safe. What one call hands in stays together where it ends a line or is flushed.
 */
final class DetachedOutput extends OutputStream {
  private static final int MAX_WAITING_BYTES = 1 << 20;

  private final OutputStream target;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Piece> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private long droppedLines;
  private long endedPieces;
  private boolean writing;

  /**
   * What is written at once.
   *
   * @param lines that are missing where it is dropped: its own, or those that a notice tells of
   */
  private record Piece(byte[] bytes, long lines) {}

  static {
    // Loads the class now. The first line may tell that descriptors have run out, and then there is
    // none for the file of a class.
    var _ = new Piece(new byte[0], 0);
  }

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
    byte[] copy = Arrays.copyOfRange(bytes, offset, offset + length);
    Piece piece = new Piece(copy, lineEnds(copy));
    lock.lock();
    try {
      if (droppedLines > 0 && hasRoomFor(length)) {
        addNotice();
      }
      if (hasRoomFor(length)) {
        add(piece);
      } else {
        droppedLines += piece.lines;
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoomFor(int bytes) {
    return waitingBytes + bytes <= MAX_WAITING_BYTES;
  }

  private void add(Piece piece) {
    waiting.add(piece);
    waitingBytes += piece.bytes.length;
    changed.signalAll();
  }

  private void addNotice() {
    String notice =
        "pcache: " + droppedLines + " lines are missing here: they could not be written in time\n";
    add(new Piece(notice.getBytes(StandardCharsets.UTF_8), droppedLines));
    droppedLines = 0;
  }

  private static int lineEnds(byte[] bytes) {
    int count = 0;
    for (byte b : bytes) {
      count += b == '\n' ? 1 : 0;
    }
    return count;
  }

  private void writeAll() {
    try {
      while (true) {
        Piece piece = take();
        ended(piece, isWritten(piece));
      }
    } catch (InterruptedException e) {
      // Nobody asks for more.
    }
  }

  /** Not where a disk is full or whoever read it has gone; that may be otherwise next time. */
  private boolean isWritten(Piece piece) {
    try {
      target.write(piece.bytes);
      target.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private Piece take() throws InterruptedException {
    lock.lock();
    try {
      while (waiting.isEmpty()) {
        changed.await();
      }
      Piece piece = waiting.remove();
      waitingBytes -= piece.bytes.length;
      writing = true;
      return piece;
    } finally {
      lock.unlock();
    }
  }

  /** A notice follows only what was written: where that failed, it would fail as well, for ever. */
  private void ended(Piece piece, boolean written) {
    lock.lock();
    try {
      if (!written) {
        droppedLines += piece.lines;
      } else if (waiting.isEmpty() && droppedLines > 0) {
        addNotice();
      }
      writing = false;
      endedPieces++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until everything has been written or dropped, or until nothing has moved for some time.
   *
   * @param limitNanos how long to wait without progress
   * @return whether nothing is left to be written
   */
  boolean await(long limitNanos) throws InterruptedException {
    lock.lock();
    try {
      long seen = endedPieces;
      long left = limitNanos;
      while (writing || !waiting.isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
        if (endedPieces != seen) {
          seen = endedPieces;
          left = limitNanos;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
