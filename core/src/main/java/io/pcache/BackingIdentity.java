package io.pcache;

import io.pcache.backing.BackingStore;
import io.pcache.block.BlockDevice;
import io.pcache.cache.destage.WritebackListener;
import io.pcache.error.BackingFailureException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.error.WrongDeviceException;
import io.pcache.format.Identity;
import io.pcache.format.LogBounds;
import io.pcache.log.LogEnd;
import io.pcache.log.StagingOwner;
import io.pcache.media.Media;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a cache to its backing device through the identity record.
 *
 * <p>Before write-back changes a sampled sector, that sample durably stops counting. All samples
 * are retaken at an orderly close. In between they are retaken whenever {@link #MAX_NOT_COUNTED}
 * have stopped counting. So a sample that counts and differs means that another program changed the
 * device, or that it is another device.
 *
 * <p>Thread-safety: {@link #beforeWrite}, {@link #afterFlush} and {@link #cacheDeviceLost} from one
 * thread at a time, all other methods from the opener's.
 */
final class BackingIdentity implements WritebackListener {
  private static final int MAX_NOT_COUNTED = 8;
  private static final Logger LOG = LoggerFactory.getLogger(BackingIdentity.class);

  private final Media media;
  private final BackingStore store;
  private final long[] sampledSectors;
  private final @Nullable Identity found;
  private Identity current;

  /** Whether sampling has failed and the failure was logged. */
  private boolean unreadable;

  private BackingIdentity(Media media, BackingStore store, @Nullable Identity found) {
    this.media = media;
    this.store = store;
    this.sampledSectors = BackingFingerprint.sectors(store.sizeBytes());
    this.found = found;
    this.current = found == null ? Identity.fresh(null) : found;
  }

  /**
   * Reads the identity record from the cache device. Writes nothing.
   *
   * @throws io.pcache.error.CorruptMediaException if the device was cut while it was served
   */
  static BackingIdentity load(Media media, BackingStore store) {
    Optional<Identity> identity = Identity.load(media);
    identity.ifPresent(Identity::refuseIfCut);
    return new BackingIdentity(media, store, identity.orElse(null));
  }

  /** Returns the last writer of the log. It is pcache if pcache left the cache open. */
  LogEnd.Writer lastWriter() {
    return found != null && found.open() ? LogEnd.Writer.PCACHE : LogEnd.Writer.UNKNOWN;
  }

  /** Returns the log's positions at the last orderly close, or null if they are unknown. */
  @Nullable LogBounds closedLog() {
    return found != null && found.isBound() && !found.open() ? found.closedLog() : null;
  }

  /**
   * Returns the killed run whose keys shared memory may hold. Null if the cache was closed in an
   * orderly way, or was never open.
   */
  @Nullable StagingOwner killedRun(UUID bootId) {
    return found != null && found.open() ? run(bootId) : null;
  }

  /** Returns whether the device has no identity record. It may be a cache made by the kernel. */
  boolean isAbsent() {
    return found == null;
  }

  /** Returns the present run, once its open mark is stored. */
  StagingOwner run(UUID bootId) {
    return new StagingOwner(current.uuid(), bootId, current.opening().epochMillis());
  }

  /**
   * Checks that the backing device can hold the cached data. Even an adopted device has to.
   *
   * @throws WrongDeviceException if it is smaller than the cache's own
   */
  void checkFits() {
    if (store.sizeBytes() < ownBytes()) {
      throw new WrongDeviceException(wrongSize());
    }
  }

  /**
   * Checks the backing device before the log is read: its size, and that it is not a cache itself.
   *
   * @throws WrongDeviceException if its size differs from the cache's own
   * @throws UnsupportedFormatException if it holds a cache, and the identity record names no device
   *     yet
   */
  void checkDevice() {
    boolean isBound = ownBytes() > 0;
    if (isBound && store.sizeBytes() != ownBytes()) {
      throw new WrongDeviceException(wrongSize());
    }
    if (!isBound && BackingFingerprint.holdsCache(store)) {
      throw new UnsupportedFormatException(
          store.name()
              + " holds a pcache cache, which serving it as a backing device would overwrite; give the right one, or take this"
              + " one with --adopt");
    }
  }

  /** Size of the cache's own backing device, or 0 if the identity record names none. */
  private long ownBytes() {
    return found == null ? 0 : found.backingBytes();
  }

  private String wrongSize() {
    return "%s has %d bytes, but this cache belongs to a backing device of %d bytes; %s"
        .formatted(
            store.name(),
            store.sizeBytes(),
            ownBytes(),
            store.sizeBytes() < ownBytes()
                ? whatToDoWithLess()
                : "give the right one, or take this one with --adopt");
  }

  private String whatToDoWithLess() {
    return ("it is another one, or it was truncated. Give the right one, or restore this one to its full length from a copy. A file"
            + " whose lost part was never written needs the length alone: truncate -s %d %s")
        .formatted(ownBytes(), store.name());
  }

  /** Returns the present identity record. */
  Identity identity() {
    return current;
  }

  /**
   * Checks by its contents that the backing device is this cache's own.
   *
   * @param log the log's present positions
   * @param hasDirtyData whether the cache holds data that the backing device does not have
   * @param cachedInLog tells whether the log explains a change at a logical offset
   * @throws WrongDeviceException if it is another device, or a dirty cache does not name its device
   */
  void check(LogBounds log, boolean hasDirtyData, SectorExplanation cachedInLog) {
    if (found == null || !found.isBound()) {
      if (hasDirtyData) {
        throw new WrongDeviceException(
            "the cache holds dirty data and does not say which backing device it belongs to (it was written by the kernel, or its identity record was lost); if "
                + store.name()
                + " is the right one, open it with --adopt");
      }
      return;
    }
    // pcache's write-back stops the samples that it changes from counting; the kernel's does not.
    // The kernel has used the cache if the log is not as pcache closed it.
    boolean kernelWasHere = !found.open() && !found.closedLog().equals(log);
    checkSamples(found, kernelWasHere ? cachedInLog : offset -> false);
  }

  private void checkSamples(Identity expected, SectorExplanation cachedInLog) {
    long differing = BackingFingerprint.differing(expected, BackingFingerprint.take(store));
    int unexplained = 0;
    for (int i = 0; i < Identity.SAMPLES; i++) {
      long sector = BackingFingerprint.sector(i, store.sizeBytes() / BlockDevice.SECTOR_BYTES);
      boolean differs = ((differing >>> i) & 1) != 0;
      if (differs && !cachedInLog.explains(sector * BlockDevice.SECTOR_BYTES)) {
        unexplained++;
      }
    }
    if (unexplained > 0) {
      throw new WrongDeviceException(
          "%s is not the backing device of this cache, or was changed behind its back: %d of %d sampled sectors differ; give the right one, or take this one with --adopt"
              .formatted(store.name(), unexplained, Long.bitCount(expected.sampleMask())));
    }
  }

  /**
   * Durably records that the cache is open and belongs to this backing device. The open mark is
   * later than that of every earlier run, whatever the clock says.
   *
   * @param stagingFolder where this run keeps staged keys, as in {@link Identity.Opening}
   * @throws io.pcache.error.BackingFailureException if the backing device cannot be flushed or read
   */
  void opened(long epochMillis, String stagingFolder) {
    long laterEpochMillis = Math.max(epochMillis, current.opening().epochMillis() + 1);
    current =
        current
            .boundTo(store.sizeBytes(), BackingFingerprint.takeDurable(store))
            .openedAt(new Identity.Opening(laterEpochMillis, stagingFolder));
    // A closed mark that comes back after a kill would hide the killed run.
    current.storeTwiceDurably(media);
  }

  /**
   * Records on the cache device that it was cut while it was served, if it was. Otherwise the next
   * process would take zeroes for data if the device is long again. Best effort.
   */
  void recordCut() {
    try {
      FileCondition condition = media.condition();
      if (condition.isCut() && current.cutToBytes() == 0) {
        current = current.cutTo(condition.leftBytes());
        current.storeTwiceDurably(media);
      }
    } catch (IOException | PcacheException e) {
      LOG.warn("cannot record that the cache device was cut: {}", e.getMessage());
    }
  }

  /**
   * Durably records an orderly close. The backing device must not be written any more.
   *
   * @throws io.pcache.error.BackingFailureException if the backing device was cut or removed: the
   *     next open has to notice that
   * @throws MediaFailureException if the cache device was cut
   */
  void closed(LogBounds log) {
    media.checkLength();
    FileCondition condition = condition();
    if (condition.hasLostData()) {
      throw new BackingFailureException("backing device " + condition.description());
    }
    current =
        current.boundTo(store.sizeBytes(), BackingFingerprint.takeDurable(store)).closedAt(log);
    current.storeDurably(media);
  }

  @Override
  public void beforeWrite(long offsetBytes, long lengthBytes) {
    long covered =
        BackingFingerprint.covered(offsetBytes, lengthBytes, sampledSectors) & current.sampleMask();
    if (covered != 0) {
      current = current.withSampleMask(current.sampleMask() & ~covered);
      current.storeDurably(media);
    }
  }

  /** At once, because a kill leaves no time for it. */
  @Override
  public void cacheDeviceLost() {
    recordCut();
  }

  @Override
  public void afterFlush() {
    if (Identity.SAMPLES - Long.bitCount(current.sampleMask()) < MAX_NOT_COUNTED
        || condition().hasLostData()) {
      return;
    }
    try {
      current = current.boundTo(store.sizeBytes(), BackingFingerprint.take(store));
      current.storeDurably(media);
      unreadable = false;
    } catch (BackingFailureException e) {
      if (!unreadable) {
        LOG.warn(
            "{}; until it can be read, fewer of its sectors tell which device it is",
            e.getMessage());
      }
      unreadable = true;
    }
  }

  private FileCondition condition() {
    try {
      return store.condition();
    } catch (IOException e) {
      LOG.debug("{}: cannot look whether it is as it was opened", store.name(), e);
      return FileCondition.AS_OPENED;
    }
  }

  /** Tells whether the log explains a changed sector of the backing device. */
  @FunctionalInterface
  interface SectorExplanation {
    /** Returns whether a key in the log covers the sector at a logical offset. */
    boolean explains(long offsetBytes);
  }
}
