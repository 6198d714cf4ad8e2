package io.pcache.cli;

import java.io.IOException;

/** What came over a control socket is not a message as {@link ControlProtocol} knows them. */
final class MalformedMessageException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what what is wrong with it
   */
  MalformedMessageException(String what) {
    super("not a control message: " + what);
  }
}
