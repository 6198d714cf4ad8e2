package io.pcache;

import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import io.pcache.backing.StoreCalls;
import io.pcache.backing.WatchedStore;
import io.pcache.error.BadOptionException;
import io.pcache.error.MediaFailureException;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.media.SharedMemoryFolder;
import io.pcache.media.SharedMemoryPlace;
import io.pcache.media.UnclaimedMemory;
import io.pcache.nativeio.LoopDevices;
import java.io.IOException;
import java.nio.file.Files;
import java.util.function.Function;

/**
 * The two devices of a cache, open and locked.
 *
 * @param options what they were opened with
 * @param media the cache device
 * @param store the bytes of the backing device
 * @param storeCalls its calls that have not returned
 * @param backing the backing device
 * @param closer closes them, and what was added since
 */
record OpenDevices(
    OpenOptions options,
    Media media,
    BackingStore store,
    StoreCalls storeCalls,
    BackingDevice backing,
    Closer closer) {
  /**
   * Opens the backing device that the options name.
   *
   * @throws io.pcache.error.PcacheException if it is unfit, in use, or the cache device itself
   */
  static BackingStore openBacking(OpenOptions options) {
    refuseSameFile(options);
    if (!options.force()) {
      LoopDevices.refuseAttached(options.backing());
    }
    return options.directBacking()
        ? FileBackingStore.openDirect(options.backing())
        : FileBackingStore.open(options.backing());
  }

  private static void refuseSameFile(OpenOptions options) {
    try {
      if (Files.isSameFile(options.cache(), options.backing())) {
        throw new BadOptionException(
            options.cache() + " is given as cache and as backing device; they have to be two");
      }
    } catch (IOException e) {
      // One of them does not exist or cannot be examined. Opening it reports the reason.
    }
  }

  /**
   * Opens the cache device as well, and uses both. They stay open, unless anything fails.
   *
   * @param store the backing device, which is closed on a failure too
   * @throws io.pcache.error.PcacheException if the cache device is unfit or fails, or the use does
   */
  static <T> T use(OpenOptions options, BackingStore store, Function<OpenDevices, T> use) {
    Closer closer = new Closer();
    StoreCalls storeCalls = new StoreCalls(SystemClock.INSTANCE);
    BackingStore watched = new WatchedStore(store, storeCalls);
    closer.add(watched);
    try {
      if (!options.force()) {
        LoopDevices.refuseAttached(options.cache());
      }
      Media media = MediaFiles.open(options.cache());
      closer.add(media);
      BackingDevice backing = BackingDevice.start(watched, BackingOptions.defaults());
      closer.replace(watched, backing);
      return use.apply(new OpenDevices(options, media, watched, storeCalls, backing, closer));
    } catch (InternalError e) {
      MediaFailureException failure =
          new MediaFailureException(options.cache() + ": a page of the cache device failed", e);
      closer.closeAfter(failure);
      throw failure;
    } catch (Throwable t) {
      closer.closeAfter(t);
      throw t;
    }
  }

  /** The cache device's name in messages. */
  String cacheName() {
    return options.cache().toString();
  }

  /** Whether the backing device has to be the cache's own. */
  BackingCheck check() {
    return options.adopt() ? BackingCheck.ADOPT : BackingCheck.VERIFY;
  }

  /** Where staged keys are kept. */
  SharedMemoryPlace stagingPlace() {
    SharedMemoryFolder folder =
        new SharedMemoryFolder(
            options.stagingFolder(), OpenOptions.DEFAULT_STAGING_FOLDER, options.cache());
    return options.giveUpUnflushed() ? new UnclaimedMemory(folder) : folder;
  }
}
