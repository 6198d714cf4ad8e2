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
 * Finds in memory what a key set held that cannot be read any more: dirty extents of the index that
 * no readable key names. It looks at as many subtrees at a time as have {@link #MAX_NOTED} dirty
 * extents, so that its memory stays small however much is dirty.
 *
 * <pre>
 *   dirty extents ─▶ commit, so that each has its key in the log ─▶ less those that a key behind the damage names
 * </pre>
 *
 * <p>What is left belongs to the damaged key set. Nobody can count the references of its keys any
 * more, so their segments keep them: the bytes stay where they are, and the segments are used again
 * once the cache is opened anew.
 *
 * <p>Thread-safety: one thread, that of write-back; the commit may end on another.
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
   * Takes note of what is dirty, and asks for a commit.
   *
   * @param firstSubtree where to begin
   * @param reader used by {@link #findOrphans}
   * @param wakeup woken when the commit is over
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

  /** Whether everything noted has its key in the durable log, or the log has failed. */
  public boolean isCommitted() {
    return committed;
  }

  /** Where this one began. */
  public int firstSubtree() {
    return firstSubtree;
  }

  /** Where the next one begins; the number of subtrees where this was the last. */
  public int nextSubtree() {
    return nextSubtree;
  }

  /**
   * Walks the log behind the damage. Where more of it cannot be read further on, everything up to
   * the end of the last gap is taken for lost: were only some of it written now, the readable key
   * sets in between would put older bytes over newer ones.
   *
   * @param damaged where the key set cannot be read
   */
  public void findOrphans(LogPosition damaged) {
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

  /** What no readable key names, in no particular order. */
  public List<DirtyExtent> orphans() {
    return orphans;
  }

  /** Where the log cannot be read. */
  public List<LogPosition> gaps() {
    return gaps;
  }

  /** Where the last gap ends. */
  public LogPosition end() {
    return end;
  }

  private void markNamed(BitSet named) {
    for (int i = 0; i < reader.keyCount(); i++) {
      markNamed(named, KeySetRecord.keyOffset(i));
    }
  }

  /** Marks what points into a key's bytes; a stale key's bytes belong to other keys by now. */
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

  /** The commit that gives everything noted its key in the log. */
  private final class Commit extends BlockRequest {
    private final Wakeup wakeup;

    Commit(Wakeup wakeup) {
      this.wakeup = wakeup;
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      // Where it failed the log has failed, and nothing is written back any more.
      committed = true;
      wakeup.wake();
    }
  }
}
