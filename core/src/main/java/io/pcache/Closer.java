package io.pcache;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Closes what was opened, last first, whatever goes wrong on the way. Not thread-safe. */
final class Closer {
  private final ArrayDeque<AutoCloseable> opened = new ArrayDeque<>();

  void add(AutoCloseable resource) {
    opened.addFirst(resource);
  }

  /** From now on {@code owner} closes what {@code owned} was to close, in its place. */
  void replace(AutoCloseable owned, AutoCloseable owner) {
    opened.remove(owned);
    opened.addFirst(owner);
  }

  /** Closes everything because of a failure, which keeps those of closing as suppressed. */
  void closeAfter(Throwable cause) {
    for (AutoCloseable resource : opened) {
      try {
        resource.close();
      } catch (Exception e) {
        cause.addSuppressed(e);
      }
    }
  }

  /**
   * Closes everything. The first failure of closing is thrown at the end.
   *
   * @param earlier a failure that is on its way already and goes first, or null
   */
  void close(@Nullable Throwable earlier) {
    RuntimeException first = null;
    for (AutoCloseable resource : opened) {
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
