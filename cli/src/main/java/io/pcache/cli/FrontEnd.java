package io.pcache.cli;

import io.pcache.agent.Patience;
import io.pcache.block.BlockDevice;
import java.util.List;

/** A server through which clients use the device. */
interface FrontEnd {
  /** Where clients find it, as they write it down. */
  List<String> uris();

  /** Who uses it. Also answers while it closes, and afterwards. */
  ClientsStatus clients();

  /**
   * Takes no more requests, answers those in flight, and closes every connection.
   *
   * @param patience how long it waits for those in flight
   */
  void close(Patience patience);

  /** Starts a front end when there is a device to serve. */
  @FunctionalInterface
  interface Starter {
    FrontEnd start(BlockDevice device);
  }
}
