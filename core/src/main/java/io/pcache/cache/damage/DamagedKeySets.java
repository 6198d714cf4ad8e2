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
 * Key sets that became unreadable while the cache is open, between the moment when write-back has
 * passed them and the moment when key_tail has: until then a recovery would refuse the log, so
 * reclaiming goes that far at once.
 *
 * <p>Thread-safety: {@link #leaving} and {@link #left} from reclaiming's thread, the others from
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
   * Where the log can be read again behind a damaged position.
   *
   * @param limit a border of key sets behind it, which is not passed
   */
  public LogPosition endOfGap(LogPosition damaged, LogPosition limit) {
    int next = segments.nextLogSegment(damaged.cacheSegId());
    return LogGap.end(geometry.media(), geometry.chain(), damaged, limit, next);
  }

  /** Everything that damaged key sets held is on the backing device. */
  public void passedByWriteback(List<LogPosition> damaged, long savedBytes) {
    passed.addAll(damaged);
    health.report(
        HEALTH_NAME,
        ("not readable any more at %s; the %d bytes that only the log knew there were in memory and are written back; until"
                + " key_tail has moved past it, a crash would call for 'pcache repair'")
            .formatted(damaged, savedBytes));
  }

  /** Whether reclaiming has to go on to a damaged key set. */
  public boolean isReclaimingDue() {
    return !passed.isEmpty();
  }

  /**
   * key_tail is about to move from one position to the next. A key set that is whole again, and one
   * that lies in another's gap, is left like any other.
   */
  public void leaving(LogPosition from, LogPosition next) {
    for (LogPosition damaged : passed) {
      if (!damaged.isBefore(from) && damaged.isBefore(next)) {
        leaving.add(damaged);
      }
    }
  }

  /** key_tail is durably where it was about to go. */
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
