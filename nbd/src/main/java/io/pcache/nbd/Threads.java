package io.pcache.nbd;

/** Waiting for threads to end. */
final class Threads {
  private Threads() {}

  /**
   * Waits for a thread's end; an interrupt does not shorten the wait, and is kept for the caller.
   */
  static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
