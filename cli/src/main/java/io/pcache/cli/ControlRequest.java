package io.pcache.cli;

import java.util.List;

/**
 * What is asked of a running daemon.
 *
 * @param command {@code status}, {@code table} or {@code message}
 * @param arguments of a message: its name and its values
 */
record ControlRequest(String command, List<String> arguments) {
  static final ControlRequest STATUS = new ControlRequest("status", List.of());
  static final ControlRequest TABLE = new ControlRequest("table", List.of());

  static ControlRequest message(List<String> arguments) {
    return new ControlRequest("message", List.copyOf(arguments));
  }
}
