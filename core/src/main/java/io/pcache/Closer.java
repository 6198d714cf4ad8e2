package io.pcache;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Closes resources in reverse order of opening, each once, and continues after failures. Not
 * thread-safe.
 */
final class Closer {
  private final ArrayDeque<AutoCloseable> opened = new ArrayDeque<>();

  void add(AutoCloseable resource) {
    opened.addFirst(resource);
  }

  /** Replaces {@code owned} by {@code owner}, whose close also closes {@code owned}. */
  void replace(AutoCloseable owned, AutoCloseable owner) {
    opened.remove(owned);
    opened.addFirst(owner);
  }

  /** Closes everything because of a failure. Failures of closing are added to it as suppressed. */
  void closeAfter(Throwable cause) {
    for (AutoCloseable resource = opened.pollFirst();
        resource != null;
        resource = opened.pollFirst()) {
      try {
        resource.close();
      } catch (Exception e) {
        cause.addSuppressed(e);
      }
    }
  }

  /**
   * Closes everything, then throws the first failure of closing.
   *
   * @param earlier a failure already being thrown, which then takes failures of closing as
   *     suppressed, or null
   */
  void close(@Nullable Throwable earlier) {
    RuntimeException first = null;
    for (AutoCloseable resource = opened.pollFirst();
        resource != null;
        resource = opened.pollFirst()) {
      try {
        resource.close();
      } catch (Exception e) {
        RuntimeException unchecked =
            e instanceof RuntimeException r ? r : new IllegalStateException(e);
        if (earlier != null) {
          earlier.addSuppressed(unchecked);
        } else if (first != null) {
          first.addSuppressed(unchecked);
        } else {
          first = unchecked;
        }
      }
    }
    if (earlier == null && first != null) {
      throw first;
    }
  }
}
