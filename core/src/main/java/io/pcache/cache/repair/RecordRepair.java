package io.pcache.cache.repair;

import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.CacheInfo;
import io.pcache.format.FoundChain;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.SegmentGeneration;
import io.pcache.format.Superblock;
import io.pcache.log.BoundarySearch;
import io.pcache.log.IntactLog;
import io.pcache.log.KeySetReader;
import io.pcache.log.KeySetVisitor;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Rebuilds the records around a log from each other, if they agree. It also reports the source of
 * each:
 *
 * <pre>
 *   superblock          from the device's size, cache_info and the segment chain
 *   cache_info          from the superblock or the device's size, the chain, and the keys' checksums
 *   segment_info        from the other links, if all of them are in physical order
 *   a generation        from the keys that name its segment: none is newer than it
 *   a tail              from the other one, or the identity record ({@link FoundTails})
 * </pre>
 *
 * <p>The order of the writes survives a crash at any point: the remaining records still yield the
 * same result. The superblock comes last. Until then the device does not open as a cache.
 *
 * <p>Thread-safety: none. The media must be open for this alone.
 */
public final class RecordRepair {
  private final Media media;
  private final List<String> findings = new ArrayList<>();
  private final boolean superblockLost;
  private final Superblock superblock;
  private final boolean infoLost;
  private final CacheInfo info;
  private final FoundChain found;
  private final KeySetReader reader;
  private final FoundTails tails;
  private final long[] storedGenerations;
  private final long[] generations;

  private RecordRepair(
      Media media, long deviceBytes, @Nullable LogBounds closedLog, @Nullable Boolean dataCrc) {
    this.media = media;
    Optional<Superblock> foundSuperblock = Superblock.find(media);
    Optional<CacheInfo> foundInfo = CacheInfo.find(media);
    this.superblockLost = foundSuperblock.isEmpty();
    this.infoLost = foundInfo.isEmpty();
    this.superblock =
        foundSuperblock.orElseGet(() -> new Superblock(0, segments(media, foundInfo)));
    foundInfo.ifPresent(i -> i.check(superblock));
    int segments = superblock.segNum();
    this.found = FoundChain.on(media, foundInfo.map(CacheInfo::segId).orElse(0), segments);
    this.reader = new KeySetReader(media, found.chain(), deviceBytes);
    this.tails = FoundTails.on(media, found.chain(), reader, closedLog);
    this.storedGenerations = loadGenerations();
    this.generations = newestGenerations();
    describeSegments();
    findings.addAll(tails.finding());
    foundInfo.ifPresent(i -> checkSaid(i, dataCrc));
    this.info = foundInfo.orElseGet(() -> inferInfo(segments, dataCrc));
    describeHead();
  }

  /**
   * Examines the records. Writes nothing.
   *
   * @param deviceBytes size of the logical device, or {@link Long#MAX_VALUE} if unknown
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   * @param dataCrc whether the cache keeps data checksums, or null; used if neither cache_info nor
   *     the keys tell
   * @throws BadOptionException if cache_info or the keys contradict {@code dataCrc}
   * @throws CorruptMediaException if a lost record cannot be inferred from the others
   */
  public static RecordRepair examine(
      Media media, long deviceBytes, @Nullable LogBounds closedLog, @Nullable Boolean dataCrc) {
    return new RecordRepair(media, deviceBytes, closedLog, dataCrc);
  }

  private static int segments(Media media, Optional<CacheInfo> foundInfo) {
    int fit = MediaLayout.segmentsOn(media.sizeBytes());
    int segments = foundInfo.map(CacheInfo::segments).orElseGet(() -> FoundChain.segmentsOn(media));
    if (segments < 1 || segments > fit || (foundInfo.isEmpty() && segments != fit)) {
      throw new CorruptMediaException(
          "the superblock is lost, %s of %d segments, and a device of %d bytes has room for %d; they have to agree. Was the device cut or grown?"
              .formatted(
                  foundInfo.isPresent() ? "cache_info speaks" : "segment_info records speak",
                  Integer.toUnsignedLong(segments),
                  media.sizeBytes(),
                  fit));
    }
    return segments;
  }

  private long[] loadGenerations() {
    return IntStream.range(0, found.chain().segments())
        .mapToLong(i -> SegmentGeneration.at(media, found.chain().segmentOffset(i)).load())
        .toArray();
  }

  private long[] newestGenerations() {
    long[] newest = storedGenerations.clone();
    walkAll((position, keySet) -> {
      for (int i = 0; i < keySet.keyCount(); i++) {
        long at = KeySetRecord.keyOffset(i);
        int segment = KeyRecord.cacheSegId(keySet.bytes(), at);
        newest[segment] = Math.max(newest[segment], KeyRecord.segGen(keySet.bytes(), at));
      }
    });
    return newest;
  }

  /**
   * Visits all readable key sets. If the log is damaged between the tails, a second walk starts at
   * dirty_tail, so that dirty keys count.
   */
  private void walkAll(KeySetVisitor visitor) {
    int segments = found.chain().segments();
    BoundarySearch search = new BoundarySearch(tails.dirtyTail());
    KeySetVisitor both =
        (position, keySet) -> {
          search.visit(position, keySet);
          visitor.visit(position, keySet);
        };
    var _ = search.endsAt(IntactLog.walk(reader, segments, tails.keyTail(), both));
    if (!search.hasMet(tails.dirtyTail())) {
      IntactLog.walk(reader, segments, tails.dirtyTail(), visitor);
    }
  }

  private CacheInfo inferInfo(int segments, @Nullable Boolean dataCrc) {
    ChecksumEvidence evidence =
        new ChecksumEvidence(media, found.chain(), segment -> generations[segment]);
    walkAll(evidence);
    CacheInfo inferred = CacheInfo.fresh(segments, evidence.dataCrc(dataCrc));
    findings.add(
        "data_crc: %s, as %s%s"
            .formatted(
                inferred.dataCrc() ? "on" : "off",
                dataCrc == null ? "" : "was said, and ",
                evidence));
    return inferred;
  }

  private static void checkSaid(CacheInfo found, @Nullable Boolean dataCrc) {
    if (dataCrc != null && dataCrc != found.dataCrc()) {
      throw new BadOptionException(
          "--data-crc %s: cache_info is intact and says the opposite; nothing was changed, leave the option out"
              .formatted(dataCrc));
    }
  }

  private void describeSegments() {
    if (!found.missing().isEmpty()) {
      findings.add(
          "segment_info: lost of the physical segments %s; all others are chained in physical order"
              .formatted(found.missing()));
    }
    for (int i = 0; i < generations.length; i++) {
      if (generations[i] != storedGenerations[i]) {
        findings.add(
            "generation of segment %d: %d found, %d taken from the keys that name the segment"
                .formatted(i, storedGenerations[i], generations[i]));
      }
    }
  }

  private void describeHead() {
    if (infoLost) {
      findings.add(
          "cache_info: lost; %d segments taken from %s and the segment chain, gc_percent becomes %d"
              .formatted(
                  info.segments(),
                  superblockLost ? "the device's size" : "the superblock",
                  info.gcPercent()));
    } else if (CacheInfo.slots(media).hasLostACopy()) {
      findings.add("cache_info: one of its two copies is lost; it is copied from the other");
    }
    if (superblockLost) {
      findings.add(
          "superblock: lost; %d segments taken from %s, the segment chain and the device's size"
              .formatted(
                  superblock.segNum(), infoLost ? "the records of the segments" : "cache_info"));
    }
  }

  /**
   * The findings and the source of each inferred record, one line each; empty if nothing is wrong.
   */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** The segment chain. */
  public SegmentChain chain() {
    return found.chain();
  }

  /** key_tail. */
  public LogAddress keyTail() {
    return tails.keyTail();
  }

  /** dirty_tail. */
  public LogAddress dirtyTail() {
    return tails.dirtyTail();
  }

  /**
   * Writes all lost records except the superblock. Durable on return.
   *
   * <p>cache_info is inferred from the log. So it is written before the tails, which may discard
   * part of the log. The inference compares keys with the generations of their segments. So
   * generations are written before cache_info.
   */
  public void storeAllButSuperblock() {
    found.storeMissing(media);
    for (int i = 0; i < generations.length; i++) {
      if (generations[i] != storedGenerations[i]) {
        SegmentGeneration.at(media, chain().segmentOffset(i)).store(generations[i]);
      }
    }
    media.sync();
    if (infoLost || CacheInfo.slots(media).hasLostACopy()) {
      info.storeDurably(media);
    }
    tails.store(media, chain().segments());
  }

  /** Writes the superblock if it is lost. Durable on return. */
  public void storeSuperblock() {
    if (superblockLost) {
      superblock.store(media);
      media.sync();
    }
  }
}
