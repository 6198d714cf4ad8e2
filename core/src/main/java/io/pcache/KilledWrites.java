package io.pcache;

import io.pcache.cache.recovery.Staging;
import io.pcache.error.BadOptionException;
import io.pcache.log.StagingOwner;
import io.pcache.log.StagingRecord;
import io.pcache.media.SharedMemory;
import io.pcache.media.SharedMemoryPlace;
import io.pcache.media.StrayMemory;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a killed process acknowledged and did not flush. An open without it needs the operator's
 * consent as long as it may still exist.
 *
 * <p>Thread-safety: one thread.
 */
final class KilledWrites {
  private static final Logger LOG = LoggerFactory.getLogger(KilledWrites.class);

  private final String name;
  private final BackingIdentity identity;
  private final SharedMemoryPlace place;

  /** Creates the check of one cache; {@code name} is the cache device's in messages. */
  KilledWrites(String name, BackingIdentity identity, SharedMemoryPlace place) {
    this.name = name;
    this.identity = identity;
    this.place = place;
  }

  /**
   * Refuses if the killed run's writes may exist, but not in {@code memory}. Changes nothing.
   *
   * @throws BadOptionException with the reason and the way out
   */
  void refuseIfOutOfReach(StagingOwner killedRun, SharedMemory memory) {
    boolean isReadable = memory.outlivesProcess();
    if (!isReadable && place.holds(killedRun.cache())) {
      throw unreadable(memory.describe());
    }
    if (!new StagingRecord(memory).isOf(killedRun)) {
      refuseIfStray(
          place.strays(
              killedRun.cache(),
              Staging.MEMORY_BYTES,
              identity.identity().opening().stagingFolder()));
    }
    if (!isReadable) {
      LOG.warn(
          "{}: what a killed process may have acknowledged and not flushed is given up: {}",
          name,
          memory.describe());
    }
  }

  /** A stray that cannot be read counts only if no other is certain to hold the writes. */
  private void refuseIfStray(List<StrayMemory> strays) {
    for (StrayMemory stray : strays) {
      if (holdsThem(stray.contents())) {
        refuseUnlessInUse(stray);
      }
    }
    for (StrayMemory stray : strays) {
      if (stray.contents() == null) {
        throw unreadableElsewhere(stray);
      }
    }
  }

  /** A file that is in use belongs to the cache that is served, of which this one is a copy. */
  private void refuseUnlessInUse(StrayMemory stray) {
    if (!stray.isInUse()) {
      throw elsewhere(stray);
    }
    LOG.warn(
        "{}: opened as a copy of a cache that a process serves; what that process has not flushed is in {} alone",
        name,
        stray.location());
  }

  private boolean holdsThem(@Nullable SharedMemory contents) {
    if (contents == null) {
      return false;
    }
    StagingOwner killedRun = identity.killedRun(contents.bootId());
    return killedRun != null && new StagingRecord(contents).isOf(killedRun);
  }

  private BadOptionException unreadable(String why) {
    return new BadOptionException(
        """
        %s: a killed process may have acknowledged writes that are only in a file which cannot be opened: %s. \
        Let the user who served the cache before serve it again, or end the process that uses the file; \
        --give-up-unflushed opens it without these writes\
        """
            .formatted(name, why));
  }

  private BadOptionException elsewhere(StrayMemory stray) {
    return new BadOptionException(
        "%s: a killed process may have acknowledged writes that are only in %s, %s"
            .formatted(name, stray.location(), wayOut(stray, "")));
  }

  private BadOptionException unreadableElsewhere(StrayMemory stray) {
    return new BadOptionException(
        "%s: a killed process may have acknowledged writes in a file that cannot be read: %s, %s"
            .formatted(
                name,
                stray.location(),
                wayOut(stray, " and let the user who served the cache before serve it again")));
  }

  private static String wayOut(StrayMemory stray, String addition) {
    String text =
        stray.isOfThisDevice()
            ? """
            the file of this cache device in another --staging folder. Serve the cache with that folder, or move that file to %s%s; \
            --give-up-unflushed opens it without these writes\
            """
            : """
            the file of a cache device of another number. If this is the same device, move that file to %s%s; \
            if it is a copy, --give-up-unflushed opens it without these writes\
            """;
    return text.formatted(stray.ownLocation(), addition);
  }
}
