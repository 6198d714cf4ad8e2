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
 * Writes what an unreadable key set held to the backing device, one part of the device after the
 * other. Each part is found in memory, checked, and written by write-back.
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
   * Begins with nothing to salvage.
   *
   * @param dirtyTail the position of write-back
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
    this.reader = state.geometry().newKeySetReader();
    this.end = dirtyTail;
    this.wakeup = wakeup;
  }

  /** Starts with the first part of the device. */
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

  /** Whether the current part is committed, so that {@link #find} can run. */
  boolean isReady() {
    return part != null && part.isCommitted();
  }

  /**
   * Finds the extents of the current part, which is ready. Sets aside extents that do not match
   * their checksum.
   *
   * @param damaged position of the unreadable key set
   * @return the extents to write; null if the salvage starts over instead
   */
  @Nullable List<DirtyExtent> find(LogPosition damaged) {
    Salvage present = part();
    present.findOrphans(damaged);
    if (!present.end().equals(end)) {
      // This is the first part, or more of the log was damaged since. Keys that earlier parts found
      // may be unreadable now.
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

  /** The result of the last {@link #find}. */
  List<DirtyExtent> found() {
    return intact;
  }

  /**
   * Records that the extents found are on the backing device. Continues with the next part, if
   * there is one.
   *
   * @return the position from which the log is readable again, or null while there are more parts
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

  /** Abandons the current part after a failure. The salvage starts over later. */
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
