package io.pcache.error;

import org.jspecify.annotations.Nullable;

/**
 * The base of all failures that pcache reports on purpose. The message is one line: what was found,
 * what was expected, where, and what to do. Subclasses serve callers that catch one kind; {@link
 * #kind()} serves callers that map kinds to codes.
 */
public abstract class PcacheException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  PcacheException(ErrorKind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Returns the kind, which gives the exit code and the NBD error number. */
  public final ErrorKind kind() {
    return kind;
  }
}
