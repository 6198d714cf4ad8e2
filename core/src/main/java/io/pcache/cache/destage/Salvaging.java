package io.pcache.cache.destage;

import io.pcache.agent.Wakeup;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.damage.DirtyExtent;
import io.pcache.cache.damage.Salvage;
import io.pcache.cache.stripe.CacheState;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogPosition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings what an unreadable key set held to the backing device, part of the device by part: each is
 * looked for in memory, checked, and written by write-back.
 *
 * <p>Thread-safety: one thread, that of write-back.
 */
public final class Salvaging {
  private final CacheState state;
  private final DamagedKeySets damagedKeySets;
  private final BadExtents badExtents;
  private final LogCommitter committer;
  private final KeySetReader reader;
  private final Wakeup wakeup;
  private @Nullable Salvage part;
  private List<DirtyExtent> intact = List.of();
  private LogPosition end;
  private long savedBytes;

  /**
   * Nothing is to be salvaged.
   *
   * @param dirtyTail where write-back stands
   * @param wakeup woken when a part is ready
   */
  public Salvaging(
      CacheState state,
      DamagedKeySets damagedKeySets,
      BadExtents badExtents,
      LogCommitter committer,
      LogPosition dirtyTail,
      Wakeup wakeup) {
    this.state = state;
    this.damagedKeySets = damagedKeySets;
    this.badExtents = badExtents;
    this.committer = committer;
    this.reader =
        new KeySetReader(
            state.geometry().media(), state.geometry().chain(), state.geometry().deviceBytes());
    this.end = dirtyTail;
    this.wakeup = wakeup;
  }

  /** Begins with the first part of the device. */
  void begin() {
    savedBytes = 0;
    begin(0);
  }

  private void begin(int firstSubtree) {
    part =
        new Salvage(
            state.stripes(),
            state.index(),
            state.segments(),
            damagedKeySets,
            committer,
            reader,
            firstSubtree,
            wakeup);
  }

  /** Whether a part is under way. */
  boolean isUnderWay() {
    return part != null;
  }

  /** Whether the present part can be looked for. */
  boolean isReady() {
    return part != null && part.isCommitted();
  }

  /**
   * Looks for the present part, which is ready. What does not match its checksum is set aside.
   *
   * @param damaged where the key set cannot be read
   * @return what is to be written; null where it begins anew instead
   */
  @Nullable List<DirtyExtent> find(LogPosition damaged) {
    Salvage present = part();
    present.findOrphans(damaged);
    if (!present.end().equals(end)) {
      // The first part, or more was damaged since: what earlier parts took for named may not be.
      end = present.end();
      if (present.firstSubtree() > 0) {
        begin();
        return null;
      }
    }
    intact = new ArrayList<>();
    for (DirtyExtent orphan : present.orphans()) {
      if (orphan.isIntact(state.geometry())) {
        intact.add(orphan);
      } else {
        badExtents.add(orphan.offsetBytes(), orphan.lengthBytes());
      }
    }
    return intact;
  }

  /** What {@link #find} found last. */
  List<DirtyExtent> found() {
    return intact;
  }

  /**
   * What was found is on the backing device. Goes on with the next part, if there is one.
   *
   * @return where the log can be read again, or null while there are more parts
   */
  @Nullable LogPosition written() {
    Salvage present = part();
    intact.forEach(extent -> savedBytes += extent.lengthBytes());
    if (present.nextSubtree() < state.index().subtrees()) {
      begin(present.nextSubtree());
      return null;
    }
    part = null;
    damagedKeySets.passedByWriteback(present.gaps(), savedBytes);
    return present.end();
  }

  /** What is under way has failed and begins anew some time. */
  void abandon() {
    part = null;
  }

  private Salvage part() {
    if (part == null) {
      throw new IllegalStateException("nothing is being salvaged");
    }
    return part;
  }
}
