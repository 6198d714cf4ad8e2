package io.pcache.cli;

import io.pcache.OpenOptions;
import java.time.Duration;

/**
 * Opens a cache in a process that its launcher may end. Signals become stop requests as the opening
 * begins. Until it is over they end the process.
 *
 * @param stopTimeout how long a stop may stand still, as the launcher is told
 */
record CacheOpening(
    ProgressDisplay display, Launcher launcher, StopRequests stop, Duration stopTimeout) {
  /**
   * Opens it.
   *
   * @throws io.pcache.error.PcacheException as {@link io.pcache.Pcache#open(OpenOptions)} does
   */
  ServedCache open(OpenOptions options) {
    EndWhileOpening opening = EndWhileOpening.on(stop, launcher, System.err);
    StopSignals.route(stop);
    try (Progress _ = display.start("opening " + options.cache())) {
      ServedCache cache = ServedCache.open(options);
      opening.over();
      launcher.serves(stopTimeout, stop);
      return cache;
    }
  }
}
