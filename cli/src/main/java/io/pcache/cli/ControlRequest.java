package io.pcache.cli;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a running daemon.
 *
 * @param command {@code status}, {@code table} or {@code message}
 * @param arguments of a message: its name and its values
 */
record ControlRequest(String command, List<String> arguments) {
  static final ControlRequest STATUS = new ControlRequest("status", List.of());
  static final ControlRequest TABLE = new ControlRequest("table", List.of());

  private static final int MAX_ARGUMENTS = 16;

  static ControlRequest message(List<String> arguments) {
    return new ControlRequest("message", List.copyOf(arguments));
  }

  /**
   * A request as it comes from outside.
   *
   * @param command null where the sender left it out
   * @param arguments null where the sender left them out
   */
  record Received(@Nullable String command, @Nullable List<@Nullable String> arguments) {
    /**
     * The request, once it is known to be one.
     *
     * @throws MalformedMessageException where something is missing or too much
     */
    ControlRequest checked() throws MalformedMessageException {
      if (command == null) {
        throw new MalformedMessageException("it names no command");
      }
      if (arguments == null) {
        return new ControlRequest(command, List.of());
      }
      if (arguments.size() > MAX_ARGUMENTS) {
        throw new MalformedMessageException(
            "it has "
                + arguments.size()
                + " arguments, and "
                + MAX_ARGUMENTS
                + " at most are expected");
      }
      if (arguments.stream().anyMatch(Objects::isNull)) {
        throw new MalformedMessageException("one of its arguments is null");
      }
      return new ControlRequest(command, arguments.stream().map(Objects::requireNonNull).toList());
    }
  }
}
