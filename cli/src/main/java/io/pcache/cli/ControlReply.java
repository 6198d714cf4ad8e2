package io.pcache.cli;

import io.pcache.PcacheStatus;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon answers: a status, a line of text, or a failure.
 *
 * @param status where a status was asked for
 * @param clients who uses the cache, beside a status; null before anybody can, and from a daemon
 *     that does not tell
 * @param text where a line was asked for
 * @param failure one line for the operator, where the request was not carried out
 * @param exitCode of the command that sent the request, 0 where it was carried out
 */
record ControlReply(
    @Nullable PcacheStatus status,
    @Nullable ClientsStatus clients,
    @Nullable String text,
    @Nullable String failure,
    int exitCode) {
  /** Shells use those above for signals. */
  private static final int MAX_EXIT_CODE = 125;

  static ControlReply status(PcacheStatus status, @Nullable ClientsStatus clients) {
    return new ControlReply(status, clients, null, null, 0);
  }

  static ControlReply text(String text) {
    return new ControlReply(null, null, text, null, 0);
  }

  static ControlReply failure(PcacheException cause) {
    return new ControlReply(
        null, null, null, String.valueOf(cause.getMessage()), cause.kind().exitCode());
  }

  static ControlReply failure(String message) {
    return new ControlReply(null, null, null, message, Failure.EXIT_OTHER);
  }

  /**
   * The status that was asked for.
   *
   * @throws MalformedMessageException where the reply holds none
   */
  PcacheStatus requireStatus() throws MalformedMessageException {
    if (status == null) {
      throw new MalformedMessageException("a reply without a status");
    }
    return status;
  }

  /**
   * The line of text that was asked for, as it may be shown.
   *
   * @throws MalformedMessageException where the reply holds none
   */
  String requireText() throws MalformedMessageException {
    if (text == null) {
      throw new MalformedMessageException("a reply without a text");
    }
    return Printable.line(text);
  }

  /**
   * Turns a failure into an exception. Nobody else decides whether this command has succeeded: a
   * failure with an exit code that means success, or that no process can have, ends with another.
   *
   * @throws CommandException where the request was not carried out
   */
  ControlReply orThrow() {
    if (failure != null) {
      boolean usable = exitCode > 0 && exitCode <= MAX_EXIT_CODE;
      throw new CommandException(usable ? exitCode : Failure.EXIT_OTHER, failure);
    }
    return this;
  }
}
