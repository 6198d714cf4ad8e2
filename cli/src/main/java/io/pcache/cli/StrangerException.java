package io.pcache.cli;

/** Somebody who is not believed answers on a control socket. */
final class StrangerException extends UnreachableDaemonException {
  private static final long serialVersionUID = 1L;

  StrangerException(String message) {
    super(message);
  }
}
