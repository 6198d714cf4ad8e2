package io.pcache;

import io.pcache.agent.Agent;
import io.pcache.agent.CallWatch;
import io.pcache.agent.OutstandingCalls;
import io.pcache.backing.StoreCalls;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * Finds out which device a long write to the backing device waits for. The system reads the source
 * of such a write from the cache device, page by page, during the call. If pages of the source are
 * missing, the call may wait for either device. This agent then reads the source too, by a call
 * that is watched. If the cache device hangs, that call hangs. If not, the pages are there
 * afterwards.
 *
 * <p>Thread-safety: {@link #doWork} from one thread, all other methods from any.
 */
final class SourceProbe implements Agent {
  /** Between two looks. The shortest stop time-out is a second. */
  static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final long SUSPECT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final StoreCalls storeCalls;
  private final Media media;
  private final CallWatch mediaCalls;

  /** Creates a probe of media whose calls are watched. */
  SourceProbe(StoreCalls storeCalls, Media media, CallWatch mediaCalls) {
    this.storeCalls = storeCalls;
    this.media = media;
    this.mediaCalls = mediaCalls;
  }

  @Override
  public String name() {
    return "source-probe";
  }

  /** Probes one source at most. Returns 0, because no work is left until some time has passed. */
  @Override
  public int doWork() {
    MemorySegment source = storeCalls.missingSource(SUSPECT_NANOS);
    if (source != null) {
      media.probe(source);
    }
    return 0;
  }

  /**
   * The calls that wait for the backing device. While a call of the cache device has been in
   * progress for half as long, those that lack their source wait for that device instead.
   */
  OutstandingCalls waitingForStore() {
    return leastNanos ->
        mediaCalls.longerThan(leastNanos / 2).calls() == 0
            ? storeCalls.all().longerThan(leastNanos)
            : storeCalls.waitingForStore().longerThan(leastNanos);
  }
}
