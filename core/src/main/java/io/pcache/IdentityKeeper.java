package io.pcache;

import io.pcache.backing.BackingStore;
import io.pcache.cache.BackingWriteGuard;
import io.pcache.error.WrongDeviceException;
import io.pcache.format.Identity;
import io.pcache.format.LogPosition;
import io.pcache.format.MediaLayout;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Ties a cache to its backing device through the identity record.
 *
 * <p>A sampled sector that write-back is about to change stops counting, durably, before it is
 * changed; at an orderly close all are sampled anew. So a sample that counts and differs means that
 * somebody else changed the device, or that it is another.
 *
 * <p>Thread-safety: {@link #beforeWrite} from one thread at a time, the rest from the opener's.
 */
final class IdentityKeeper implements BackingWriteGuard {
  private final Media media;
  private final BackingStore store;
  private final @Nullable Identity found;
  private Identity current;

  private IdentityKeeper(Media media, BackingStore store, @Nullable Identity found) {
    this.media = media;
    this.store = store;
    this.found = found;
    this.current = found == null ? Identity.fresh(null) : found;
  }

  /** Reads what the cache device says. Writes nothing. */
  static IdentityKeeper load(Media media, BackingStore store) {
    Optional<Identity> identity = Identity.load(media);
    return new IdentityKeeper(media, store, identity.orElse(null));
  }

  /** Who appended to the log last: this program where it left the cache open. */
  LogEnd.Writer lastWriter() {
    return found != null && found.open() ? LogEnd.Writer.PCACHE : LogEnd.Writer.UNKNOWN;
  }

  /**
   * Where the log ended at the last orderly close, or null where that is not known or says nothing
   * any more: a log that begins elsewhere now was used by another writer since, which may have
   * reclaimed that place.
   *
   * @param keyTail where the log begins now
   */
  @Nullable LogPosition closedAt(LogPosition keyTail) {
    if (found == null || !found.isBound() || found.open()) {
      return null;
    }
    return found.keyTail().equals(keyTail) ? found.keyHead() : null;
  }

  /** The identity record's uuid and label. */
  Identity identity() {
    return current;
  }

  /**
   * Checks that the backing device is this cache's own.
   *
   * @param hasDirtyData whether the cache holds anything that the backing device does not have
   * @param cachedInLog tells for a logical byte whether the log explains that it changed
   * @param adopt whether to take the device in any case
   * @throws WrongDeviceException where it is another, or a dirty cache does not say which it
   *     belongs to
   */
  void check(boolean hasDirtyData, SectorExplanation cachedInLog, boolean adopt) {
    if (adopt) {
      return;
    }
    if (found == null || !found.isBound()) {
      if (hasDirtyData) {
        throw new WrongDeviceException(
            "the cache holds dirty data and does not say which backing device it belongs to (it was written by the kernel); if "
                + store.name()
                + " is the right one, open it with --adopt");
      }
      return;
    }
    if (found.backingBytes() != store.sizeBytes()) {
      throw new WrongDeviceException(
          "%s has %d bytes, but this cache belongs to a backing device of %d bytes; give the right one, or take this one with --adopt"
              .formatted(store.name(), store.sizeBytes(), found.backingBytes()));
    }
    checkSamples(found, cachedInLog);
  }

  private void checkSamples(Identity expected, SectorExplanation cachedInLog) {
    long differing = BackingFingerprint.differing(expected, BackingFingerprint.take(store));
    int unexplained = 0;
    for (int i = 0; i < Identity.SAMPLES; i++) {
      long sector = BackingFingerprint.sector(i, store.sizeBytes() / MediaLayout.SECTOR_BYTES);
      boolean differs = ((differing >>> i) & 1) != 0;
      if (differs && !cachedInLog.explains(sector * MediaLayout.SECTOR_BYTES)) {
        unexplained++;
      }
    }
    if (unexplained > 0) {
      throw new WrongDeviceException(
          "%s is not the backing device of this cache, or was changed behind its back: %d of %d sampled sectors differ; give the right one, or take this one with --adopt"
              .formatted(store.name(), unexplained, Long.bitCount(expected.sampleMask())));
    }
  }

  /** Records, durably, that the cache is open and belongs to this backing device. */
  void opened(long epochMillis) {
    current =
        current.boundTo(store.sizeBytes(), BackingFingerprint.take(store)).openedAt(epochMillis);
    current.storeDurably(media);
  }

  /**
   * Records, durably, that the cache was closed in order. The backing device is not being written
   * any more.
   */
  void closed(LogPosition keyHead, LogPosition keyTail) {
    current =
        current
            .boundTo(store.sizeBytes(), BackingFingerprint.take(store))
            .closedAt(keyHead, keyTail);
    current.storeDurably(media);
  }

  @Override
  public void beforeWrite(long offsetBytes, long lengthBytes) {
    long covered =
        BackingFingerprint.covered(offsetBytes, lengthBytes, store.sizeBytes())
            & current.sampleMask();
    if (covered != 0) {
      current = current.withSampleMask(current.sampleMask() & ~covered);
      current.storeDurably(media);
    }
  }

  /** Whether the log explains that a sector of the backing device is not as it was. */
  @FunctionalInterface
  interface SectorExplanation {
    /** Whether a key in the log covers the sector at a logical offset. */
    boolean explains(long offsetBytes);
  }
}
