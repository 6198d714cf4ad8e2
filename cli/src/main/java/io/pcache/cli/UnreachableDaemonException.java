package io.pcache.cli;

/** A control socket on which the daemon that is meant cannot be asked; it may have another. */
class UnreachableDaemonException extends CommandException {
  private static final long serialVersionUID = 1L;

  UnreachableDaemonException(String message) {
    super(Failure.EXIT_OTHER, message);
  }

  UnreachableDaemonException(String message, Throwable cause) {
    super(Failure.EXIT_OTHER, message, cause);
  }
}
