package io.pcache.cache.recovery;

import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.error.MediaFailureException;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.log.KeyBounds;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagingOwner;
import io.pcache.log.StagingReader;
import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that a killed process had acknowledged and not put into the log, if they are still valid.
 * They follow all keys of the log.
 *
 * <p>A key that was damaged in memory is discarded. If one key is impossible, all are discarded:
 * another user has changed the cache meanwhile. With data checksums, a single key is discarded if
 * its data does not match. The device has then not kept that data.
 *
 * <p>Thread-safety: one thread.
 */
final class SurvivingKeys {
  private static final Logger LOG = LoggerFactory.getLogger(SurvivingKeys.class);

  private final Geometry geometry;
  private final RecoveredSegments segments;
  private final KeyBounds bounds;
  private List<StagedKeys> keys = List.of();

  /**
   * Reads the staged keys. Writes nothing.
   *
   * @param segments their state after the walk of the log
   * @param head where the log ends
   */
  SurvivingKeys(Geometry geometry, RecoveredSegments segments, LogAddress head, Staging staging) {
    this.geometry = geometry;
    this.segments = segments;
    this.bounds = new KeyBounds(geometry.chain().segments(), geometry.deviceBytes());
    StagingOwner lastRun = staging.lastRun();
    if (lastRun != null) {
      StagingReader reader =
          new StagingReader(staging.memory(), geometry.media(), geometry.chain());
      read(reader, lastRun, head, staging);
    }
  }

  private void read(StagingReader reader, StagingOwner lastRun, LogAddress head, Staging staging) {
    switch (found(reader, lastRun, head, staging)) {
      case KEYS -> {
        if (reader.damagedKeys() > 0) {
          giveUp(
              "%d of them, which were damaged in %s"
                  .formatted(reader.damagedKeys(), staging.memory().describe()));
        }
        take(reader.keys(), head);
      }
      case OTHER_VERSION -> giveUp("another version of this program left them");
      case OTHER_RUN -> giveUp("the cache was open since without them");
      case OTHER_LOG -> giveUp("the log has changed since; it ends at " + head + " now");
      case NOTHING -> missing(staging, "none were found");
      case OTHER_BOOT -> missing(staging, "those found here are from before it was started");
    }
  }

  private static StagingReader.Found found(
      StagingReader reader, StagingOwner lastRun, LogAddress head, Staging staging) {
    try {
      StagingReader.Found found = reader.read(lastRun, head);
      PageFaults.deliver();
      return found;
    } catch (InternalError e) {
      if (!staging.memory().hasFailed()) {
        throw e;
      }
      throw new MediaFailureException(
          "staged keys: %s while they were read; open the cache again to do without them"
              .formatted(staging.memory().describe()),
          e);
    }
  }

  /**
   * Warns that no usable staged keys were found. That is expected after a power cut. After a kill,
   * they have been removed from outside.
   */
  private static void missing(Staging staging, String found) {
    // Without memory that outlives the process, a message has already said so.
    if (staging.memory().outlivesProcess()) {
      LOG.warn(
          "the last run was not closed in order, and of its staged keys {}: what it had acknowledged and not flushed may be lost; looked for in {}",
          found,
          staging.memory().describe());
    }
  }

  private static void giveUp(String why) {
    LOG.warn("what a killed process had acknowledged and not flushed is given up: {}", why);
  }

  private void take(List<StagedKeys> found, LogAddress head) {
    for (StagedKeys some : found) {
      for (int i = 0; i < some.count(); i++) {
        String wrong = wrongWith(some.bytes(), (long) i * KeyRecord.SIZE_BYTES);
        if (!wrong.isEmpty()) {
          giveUp(wrong);
          return;
        }
      }
    }
    List<StagedKeys> intact = geometry.dataCrc() ? withIntactData(found) : found;
    if (hasRoomFor(intact, head)) {
      keys = intact;
    } else {
      giveUp("the log has no room for them");
    }
  }

  private String wrongWith(MemorySegment bytes, long at) {
    String wrong = bounds.wrongWith(bytes, at);
    if (!wrong.isEmpty()) {
      return wrong;
    }
    int segment = KeyRecord.cacheSegId(bytes, at);
    long generation = KeyRecord.segGen(bytes, at);
    if (segments.isLog(segment) || generation != segments.generation(segment)) {
      return "segment %d was used for something else since: generation %d found, %d expected"
          .formatted(segment, segments.generation(segment), generation);
    }
    return "";
  }

  private List<StagedKeys> withIntactData(List<StagedKeys> found) {
    List<StagedKeys> intact = new ArrayList<>();
    int lost = 0;
    for (StagedKeys some : found) {
      StagedKeys kept = some.thoseWhere(geometry::matches);
      lost += some.count() - kept.count();
      if (kept.count() > 0) {
        intact.add(kept);
      }
    }
    if (lost > 0) {
      giveUp(lost + " of them, whose data the cache device has not kept");
    }
    return intact;
  }

  /**
   * Whether the log has room for the keys. It always has, unless the cache was changed, because
   * keys without room are never admitted.
   */
  private boolean hasRoomFor(List<StagedKeys> batch, LogAddress head) {
    boolean[] named = new boolean[geometry.chain().segments()];
    long bytes = KeySetRecord.HEADER_BYTES;
    for (StagedKeys some : batch) {
      bytes += KeySetRecord.sizeBytes(some.count());
      for (int i = 0; i < some.count(); i++) {
        named[KeyRecord.cacheSegId(some.bytes(), (long) i * KeyRecord.SIZE_BYTES)] = true;
      }
    }
    if (bytes <= MediaLayout.DATA_AREA_BYTES - head.segOffsetBytes()) {
      return true;
    }
    for (int i = 0; i < named.length; i++) {
      if (!named[i] && !segments.isLog(i) && segments.references(i) == 0) {
        return true;
      }
    }
    return false;
  }

  /** The keys to take over, in order. */
  List<StagedKeys> keys() {
    return keys;
  }
}
