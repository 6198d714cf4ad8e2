package io.pcache.cache.damage;

import io.pcache.agent.Wakeup;
import io.pcache.block.BlockRequest;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.PcacheException;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogPosition;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds in memory what an unreadable key set held. These are the dirty extents of the index that no
 * readable key names. One pass takes subtrees until it has noted {@link #MAX_NOTED} dirty extents.
 * So memory stays small however much is dirty.
 *
 * <pre>
 *   dirty extents ─▶ commit, so that each has its key in the log ─▶ minus those that a key behind the damage names
 * </pre>
 *
 * <p>The remaining extents belong to the damaged key set. The references of its keys can no longer
 * be counted, so its segments keep them. The bytes stay in place, and the segments are reused only
 * after the cache is reopened.
 *
 * <p>Thread-safety: one thread, that of write-back; the commit may complete on another.
 */
public final class Salvage {
  private static final int MAX_NOTED = 1 << 16;

  private final Segments segments;
  private final DamagedKeySets damagedKeySets;
  private final LogCommitter committer;
  private final KeySetReader reader;
  private final List<DirtyExtent> noted = new ArrayList<>();
  private final List<DirtyExtent> orphans = new ArrayList<>();
  private final List<LogPosition> gaps = new ArrayList<>();
  private LogPosition end;
  private final int firstSubtree;
  private int nextSubtree;
  private volatile boolean committed;

  /**
   * Notes the dirty extents, and requests a commit.
   *
   * @param firstSubtree where to begin
   * @param reader used by {@link #findOrphans}
   * @param wakeup woken when the commit has completed
   */
  public Salvage(
      Stripes stripes,
      ExtentIndex index,
      Segments segments,
      DamagedKeySets damagedKeySets,
      LogCommitter committer,
      KeySetReader reader,
      int firstSubtree,
      Wakeup wakeup) {
    this.segments = segments;
    this.damagedKeySets = damagedKeySets;
    this.committer = committer;
    this.reader = reader;
    this.firstSubtree = firstSubtree;
    this.nextSubtree = firstSubtree;
    this.end = committer.durableHead();
    while (nextSubtree < index.subtrees() && noted.size() < MAX_NOTED) {
      noteDirty(stripes, (long) nextSubtree * MediaLayout.SUBTREE_BYTES);
      nextSubtree++;
    }
    noted.sort(Comparator.comparingLong(DirtyExtent::placeBytes));
    Commit commit = new Commit(wakeup);
    commit.prepareFlush();
    commit.begin();
    committer.submit(commit);
  }

  private void noteDirty(Stripes stripes, long subtreeOffsetBytes) {
    stripes
        .of(subtreeOffsetBytes)
        .forEachExtent(
            new ExtentCursor(),
            subtreeOffsetBytes,
            subtreeOffsetBytes + MediaLayout.SUBTREE_BYTES,
            extent -> {
              if (!extent.isClean()) {
                noted.add(DirtyExtent.at(extent));
              }
            });
  }

  /** Whether every noted extent has its key in the durable log, or the log has failed. */
  public boolean isCommitted() {
    return committed;
  }

  /** The first subtree of this pass. */
  public int firstSubtree() {
    return firstSubtree;
  }

  /** The first subtree of the next pass, or the number of subtrees if this pass was the last. */
  public int nextSubtree() {
    return nextSubtree;
  }

  /**
   * Walks the log behind the damage. If the log has further gaps, everything up to the end of the
   * last gap counts as lost. Otherwise only some of it would be written now. Then the readable key
   * sets in between would overwrite newer bytes with older ones.
   *
   * @param damaged position of the unreadable key set
   */
  public void findOrphans(LogPosition damaged) {
    orphans.clear();
    gaps.clear();
    BitSet named = new BitSet(noted.size());
    LogPosition head = committer.durableHead();
    LogPosition position = passGap(damaged, head);
    while (!position.equals(head)) {
      KeySetReader.Found found = reader.readIfIntact(position.address());
      if (found == KeySetReader.Found.NOTHING) {
        named.clear();
        position = passGap(position, head);
      } else {
        markNamed(named);
        position = reader.after(position, found);
      }
    }
    for (int i = named.nextClearBit(0); i < noted.size(); i = named.nextClearBit(i + 1)) {
      orphans.add(noted.get(i));
    }
  }

  private LogPosition passGap(LogPosition damaged, LogPosition head) {
    gaps.add(damaged);
    end = damagedKeySets.endOfGap(damaged, head);
    return end;
  }

  /** The extents that no readable key names, in no particular order. */
  public List<DirtyExtent> orphans() {
    return orphans;
  }

  /** The positions where the log is unreadable. */
  public List<LogPosition> gaps() {
    return gaps;
  }

  /** The end of the last gap. */
  public LogPosition end() {
    return end;
  }

  private void markNamed(BitSet named) {
    for (int i = 0; i < reader.keyCount(); i++) {
      markNamed(named, KeySetRecord.keyOffset(i));
    }
  }

  /**
   * Marks extents that point into a key's bytes. A stale key is ignored: its bytes belong to other
   * keys by now.
   */
  private void markNamed(BitSet named, long at) {
    MemorySegment keys = reader.bytes();
    if (segments.isStale(keys, at)) {
      return;
    }
    long from =
        DirtyExtent.placeBytes(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at));
    long to = from + KeyRecord.len(keys, at);
    for (int i = firstAtOrAfter(from); i < noted.size() && noted.get(i).placeBytes() < to; i++) {
      named.set(i);
    }
  }

  private int firstAtOrAfter(long placeBytes) {
    int low = 0;
    int high = noted.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (noted.get(middle).placeBytes() < placeBytes) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The commit that puts the key of every noted extent into the log. */
  private final class Commit extends BlockRequest {
    private final Wakeup wakeup;

    Commit(Wakeup wakeup) {
      this.wakeup = wakeup;
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      // If the commit failed, the log has failed, and nothing is written back any more.
      committed = true;
      wakeup.wake();
    }
  }
}
