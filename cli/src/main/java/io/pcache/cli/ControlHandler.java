package io.pcache.cli;

/** Carries out what is asked of a daemon. Called by many threads at once. */
@FunctionalInterface
interface ControlHandler {
  /**
   * Carries out one request.
   *
   * @throws io.pcache.error.PcacheException where that fails; its message reaches the asker
   */
  ControlReply handle(ControlRequest request);
}
