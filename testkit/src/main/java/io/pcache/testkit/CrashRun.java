package io.pcache.testkit;

import io.pcache.cache.CacheSnapshot;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/**
 * A cache that lives through one power cut after the other: history, cut, recovery, check, and on
 * with what is there. Everything it does follows from its seed.
 *
 * <p>Thread-safety: none.
 */
final class CrashRun implements AutoCloseable {
  private final CrashSettings settings;
  private final RandomGenerator random;
  private final ManualClock clock = new ManualClock();
  private final SimulatedStore store;
  private final SectorLedger ledger = SteppedHistory.newLedger();
  private CrashMedia media;
  private long nextCut = Long.MAX_VALUE;
  private int powerCuts;

  CrashRun(CrashSettings settings, RandomGenerator random, RandomGenerator fates) {
    this.settings = settings;
    this.random = random;
    this.store = new SimulatedStore(SteppedHistory.DEVICE_BYTES, fates);
    this.media =
        CrashMedia.blank(SteppedCache.mediaBytes(settings.segments()), settings.grain(), fates);
    SteppedCache.format(media, settings.dataCrc(), roomBytes());
  }

  private int roomBytes() {
    return 24 + 8 * random.nextInt(600);
  }

  int powerCuts() {
    return powerCuts;
  }

  long steps() {
    return media.steps();
  }

  /** Loses power during that step of the device, 1 being its next. */
  void cutPowerAfter(long steps) {
    nextCut = media.steps() + steps;
    media.cutPowerAt(nextCut);
  }

  /** Recovers, checks, runs a piece of history, and stops dead as a killed process does. */
  void live(int actions) {
    SteppedCache cache = recoverAndCheck();
    SteppedHistory history = new SteppedHistory(cache, store, ledger, settings, random);
    history.run(actions);
  }

  /**
   * The same, and then writes everything back and compares. Afterwards the log is near a segment's
   * end again, so that it often goes on in another; that step is the test's, and not cut off.
   */
  void liveAndDrain(int actions) {
    SteppedCache cache = recoverAndCheck();
    SteppedHistory history = new SteppedHistory(cache, store, ledger, settings, random);
    history.run(actions);
    history.finish();
    healStore();
    cache.drain();
    if (content().mismatch(readAll(cache)) >= 0) {
      throw new AssertionError("what was written back is not what is read");
    }
    CacheSnapshot end = cache.cache().snapshot();
    long cut = nextCut;
    media.cutPowerAt(Long.MAX_VALUE);
    SteppedCache.skipLogTo(media, end.keyHead(), roomBytes());
    media.cutPowerAt(cut);
  }

  private SteppedCache open() {
    healStore();
    return SteppedCache.open(
        media, store, clock, SteppedCache.tuning(clock, random.nextLong(), settings.stripes()));
  }

  private void healStore() {
    store.failFlushes(0);
    store.failWrites(0);
  }

  /** The power fails, and comes back. */
  void crash() {
    powerCuts++;
    store.cutPower();
    checkBacking();
    media = media.crash();
    nextCut = Long.MAX_VALUE;
  }

  /** Recovers and checks what is there. May lose power on the way. */
  SteppedCache recoverAndCheck() {
    SteppedCache cache = open();
    MemorySegment read = readAll(cache);
    ledger.checkRecovered(read);
    if (settings.logIsOrdered()) {
      ledger.checkPastState(read);
    }
    checkBacking();
    return cache;
  }

  /** The backing device alone is a past state of the log. */
  private void checkBacking() {
    if (settings.logIsOrdered()) {
      ledger.checkPastState(content());
    }
  }

  private MemorySegment content() {
    return store.bytes().asSlice(SteppedHistory.CONTENT_OFFSET, SteppedHistory.CONTENT_BYTES);
  }

  private static MemorySegment readAll(SteppedCache cache) {
    MemorySegment bytes =
        MemorySegment.ofArray(new long[SteppedHistory.CONTENT_BYTES / Long.BYTES]);
    SteppedRequest request = new SteppedRequest();
    request.prepareRead(SteppedHistory.CONTENT_OFFSET, bytes);
    cache.carryOut(request);
    return bytes;
  }

  @Override
  public void close() {
    media.discard();
  }
}
