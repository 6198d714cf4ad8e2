package io.pcache.cli;

import io.pcache.PcacheStatus;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon answers: a status, a line of text, or a failure.
 *
 * @param status where a status was asked for
 * @param text where a line was asked for
 * @param failure one line for the operator, where the request was not carried out
 * @param exitCode of the command that sent the request, 0 where it was carried out
 */
record ControlReply(
    @Nullable PcacheStatus status, @Nullable String text, @Nullable String failure, int exitCode) {
  static ControlReply status(PcacheStatus status) {
    return new ControlReply(status, null, null, 0);
  }

  static ControlReply text(String text) {
    return new ControlReply(null, text, null, 0);
  }

  static ControlReply failure(PcacheException cause) {
    return new ControlReply(null, null, cause.getMessage(), cause.kind().exitCode());
  }

  static ControlReply failure(String message) {
    return new ControlReply(null, null, message, Failure.EXIT_OTHER);
  }
}
