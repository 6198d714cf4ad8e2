package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the clients that were sent away, and logs them: whoever keeps coming back must not fill
 * the log.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class DismissalLog {
  private static final Logger LOG = LoggerFactory.getLogger(DismissalLog.class);

  /** Who is refused loses nothing; one line says enough. */
  private static final int REFUSALS_PER_MINUTE = 1;

  /** Who is cut off had work in hand; each line names another client. */
  private static final int CUT_OFFS_PER_MINUTE = 20;

  private final Map<Dismissal, Tally> tallies = new EnumMap<>(Dismissal.class);

  /**
   * The clients that were sent away for one reason.
   *
   * @param count how many
   * @param pace of the lines that name them
   */
  private record Tally(LongAdder count, LogPace pace) {}

  DismissalLog(Clock clock) {
    for (Dismissal why : Dismissal.values()) {
      int perMinute = why.isRefusal() ? REFUSALS_PER_MINUTE : CUT_OFFS_PER_MINUTE;
      tallies.put(why, new Tally(new LongAdder(), new LogPace(clock, perMinute)));
    }
  }

  private Tally tally(Dismissal why) {
    return Objects.requireNonNull(tallies.get(why), "each reason has one");
  }

  /** Counts one that is logged elsewhere. */
  void count(Dismissal why) {
    tally(why).count.increment();
  }

  /**
   * Counts and logs one.
   *
   * @param who the client, as logs name it
   * @param details why, for people
   */
  void add(Dismissal why, String who, String details) {
    Tally tally = tally(why);
    tally.count.increment();
    String verb = why.isRefusal() ? "refused" : "cut off";
    if (tally.pace.admits()) {
      LOG.warn("{} {}: {} ({} so far: {})", who, verb, details, why.label(), tally.count.sum());
    } else {
      LOG.debug("{} {}: {}", who, verb, details);
    }
  }

  /** How many were sent away for each reason so far. */
  Map<Dismissal, Long> counts() {
    Map<Dismissal, Long> sums = new EnumMap<>(Dismissal.class);
    tallies.forEach((why, tally) -> sums.put(why, tally.count.sum()));
    return sums;
  }
}
