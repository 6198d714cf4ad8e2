package io.pcache.error;

import org.jspecify.annotations.Nullable;

/**
 * Every failure that pcache reports on purpose. The message is one line: what was found, what was
 * expected, where, and what to do. Subclasses exist for callers that want to catch one kind; {@link
 * #kind()} serves those that map.
 */
public abstract class PcacheException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  PcacheException(ErrorKind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What to do about it, as exit code and NBD error number. */
  public final ErrorKind kind() {
    return kind;
  }
}
