package io.pcache.cache.damage;

import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.log.LogGap;
import io.pcache.log.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Key sets that became unreadable while the cache is open. They are tracked from the moment
 * write-back has passed them until key_tail has. Until then a recovery would refuse the log, so
 * reclaiming moves past them at once.
 *
 * <p>Thread-safety: {@link #leaving} and {@link #left} from the reclaimer's thread, the others from
 * any.
 */
public final class DamagedKeySets {
  private static final String HEALTH_NAME = "damaged key sets";

  private final Geometry geometry;
  private final Segments segments;
  private final CacheHealth health;
  private final Set<LogPosition> passed = ConcurrentHashMap.newKeySet();
  private final List<LogPosition> leaving = new ArrayList<>();

  public DamagedKeySets(Geometry geometry, Segments segments, CacheHealth health) {
    this.geometry = geometry;
    this.segments = segments;
    this.health = health;
  }

  /**
   * The position behind a damaged one from which the log is readable again.
   *
   * @param limit a boundary between key sets behind the damage, which the result does not pass
   */
  public LogPosition endOfGap(LogPosition damaged, LogPosition limit) {
    int next = segments.nextLogSegment(damaged.cacheSegId());
    return LogGap.end(geometry.media(), geometry.chain(), damaged, limit, next);
  }

  /** Records that everything that damaged key sets held is on the backing device. */
  public void passedByWriteback(List<LogPosition> damaged, long savedBytes) {
    passed.addAll(damaged);
    health.report(
        HEALTH_NAME,
        ("not readable any more at %s; the %d bytes that only the log knew there were in memory and are written back; until"
                + " key_tail has moved past it, a crash would call for 'pcache repair'")
            .formatted(damaged, savedBytes));
  }

  /** Whether reclaiming has to continue up to a damaged key set. */
  public boolean isReclaimingDue() {
    return !passed.isEmpty();
  }

  /**
   * Announces that key_tail is about to move between two positions. Damaged key sets in between are
   * left. This includes key sets that are readable again, and those inside another's gap.
   */
  public void leaving(LogPosition from, LogPosition next) {
    for (LogPosition damaged : passed) {
      if (!damaged.isBefore(from) && damaged.isBefore(next)) {
        leaving.add(damaged);
      }
    }
  }

  /** Records that key_tail has durably moved as announced. */
  public void left() {
    if (!leaving.isEmpty()) {
      leaving.forEach(passed::remove);
      leaving.clear();
      if (passed.isEmpty()) {
        health.clear(HEALTH_NAME);
      }
    }
  }
}
