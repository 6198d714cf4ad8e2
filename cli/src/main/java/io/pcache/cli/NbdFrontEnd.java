package io.pcache.cli;

import java.util.List;

/** The NBD server as a front end. */
final class NbdFrontEnd {
  private NbdFrontEnd() {}

  /** Checks the addresses, and starts a server on them when there is a device. */
  static FrontEnd.Starter starter(List<String> listen, String export) {
    throw new UnsupportedOperationException("to come: " + listen + export);
  }
}
