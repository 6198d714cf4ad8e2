package io.pcache.testkit.simulation;

/** The engine did what it promises never to do. An error, so that nothing under test handles it. */
public final class BrokenPromise extends Error {
  private static final long serialVersionUID = 1L;

  BrokenPromise(String message) {
    super(message);
  }

  BrokenPromise(String message, Throwable cause) {
    super(message, cause);
  }
}
