package io.pcache.cache.damage;

import io.pcache.cache.health.CacheHealth;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.BadExtentList;
import io.pcache.format.BadExtentList.Range;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ranges whose newest data was damaged before it could be written back. They are set aside so that
 * write-back can continue with the rest. Write-back skips them. A read of them fails, instead of
 * returning older data from the backing device. A new write repairs them. The list is durable.
 *
 * <p>Thread-safety: {@link #overlaps} and {@link #ranges} from any thread, changes from one at a
 * time.
 */
public final class BadExtents {
  private static final String HEALTH_NAME = "bad extents";
  private static final Logger LOG = LoggerFactory.getLogger(CacheHealth.class);

  private final Media media;
  private final CacheHealth health;
  private volatile List<Range> ranges;

  /** Loads the list from the media. */
  public BadExtents(Media media, CacheHealth health) {
    this.media = media;
    this.health = health;
    this.ranges = List.copyOf(BadExtentList.load(media));
    if (!ranges.isEmpty()) {
      health.report(HEALTH_NAME, describe());
    }
  }

  /** The ranges that are set aside now. */
  public List<Range> ranges() {
    return ranges;
  }

  /** Whether any byte of a range is set aside. */
  public boolean overlaps(long fromBytes, long toBytes) {
    for (Range range : ranges) {
      if (range.offsetBytes() < toBytes && fromBytes < range.endBytes()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Sets a range aside, durably.
   *
   * @throws CorruptMediaException if the list is full
   */
  public void add(long offsetBytes, long lengthBytes) {
    List<Range> changed = without(offsetBytes, offsetBytes + lengthBytes);
    changed.add(new Range(offsetBytes, lengthBytes));
    if (changed.size() > BadExtentList.MAX_EXTENTS) {
      throw new CorruptMediaException(
          "more than %d damaged ranges: the next is %d bytes at byte %d"
              .formatted(BadExtentList.MAX_EXTENTS, lengthBytes, offsetBytes));
    }
    if (store(changed)) {
      LOG.warn(
          "{}: {} bytes at byte {} were damaged before they were written back, and are set aside; reading them fails, writing them anew repairs them",
          HEALTH_NAME,
          lengthBytes,
          offsetBytes);
    }
  }

  /**
   * Removes a range from the list, durably, because the backing device now has good data for it.
   */
  public void repaired(long offsetBytes, long lengthBytes) {
    if (overlaps(offsetBytes, offsetBytes + lengthBytes)) {
      var _ = store(without(offsetBytes, offsetBytes + lengthBytes));
    }
  }

  private List<Range> without(long fromBytes, long toBytes) {
    List<Range> rest = new ArrayList<>();
    for (Range range : ranges) {
      addPart(rest, range.offsetBytes(), Math.min(range.endBytes(), fromBytes));
      addPart(rest, Math.max(range.offsetBytes(), toBytes), range.endBytes());
    }
    return rest;
  }

  private static void addPart(List<Range> parts, long fromBytes, long toBytes) {
    if (fromBytes < toBytes) {
      parts.add(new Range(fromBytes, toBytes - fromBytes));
    }
  }

  /** Returns whether the list has changed. */
  private boolean store(List<Range> changed) {
    // A hole in the middle of a range can split it in two. If the list has no room for that, the
    // whole range stays.
    if (changed.size() > BadExtentList.MAX_EXTENTS || changed.equals(ranges)) {
      return false;
    }
    BadExtentList.storeDurably(media, changed);
    ranges = List.copyOf(changed);
    if (ranges.isEmpty()) {
      health.clear(HEALTH_NAME);
    } else {
      health.reportAgain(HEALTH_NAME, describe());
    }
    return true;
  }

  private String describe() {
    StringBuilder list = new StringBuilder();
    for (Range range : ranges) {
      list.append(list.isEmpty() ? "" : ", ");
      list.append(range.lengthBytes()).append(" bytes at byte ").append(range.offsetBytes());
    }
    return "the newest data of these ranges was damaged before it was written back; reading them fails, writing them anew repairs"
        + " them: "
        + list;
  }
}
