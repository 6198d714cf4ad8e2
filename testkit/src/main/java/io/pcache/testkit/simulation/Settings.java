package io.pcache.testkit.simulation;

import io.pcache.testkit.CrashGrain;
import java.util.random.RandomGenerator;

/**
 * What a world is like; all of it is drawn from its seed.
 *
 * @param segments segments of the cache, 4 to 8
 * @param grain what kind of device
 * @param dataCrc whether data is checksummed
 * @param stripes locks of the index
 * @param dataHeads segments that are filled at the same time
 * @param gcPercent where reclaiming starts at first
 * @param weights how likely each {@link Action} is
 * @param stepsBetween the most agent steps after an action
 * @param lives how often the cache is opened
 * @param actionsPerLife how many actions at most between two openings
 * @param crashOneIn at one step in so many a crash is tried
 * @param hotShare the share of requests, in percent, that go to a few hot sectors
 * @param maxSectors the longest content request
 * @param maxExtents how many extents the index may hold before writes wait, 0 for as many as fit
 * @param exhaustive whether every crash is tried at every step
 */
record Settings(
    int segments,
    CrashGrain grain,
    boolean dataCrc,
    int stripes,
    int dataHeads,
    int gcPercent,
    Weights weights,
    int stepsBetween,
    int lives,
    int actionsPerLife,
    int crashOneIn,
    int hotShare,
    int maxSectors,
    int maxExtents,
    boolean exhaustive) {
  private static final int LARGEST_ROOM_BYTES = 4800;
  private static final int LEAST_EXTENTS = 64;
  private static final int SHORT_LIVES = 3;
  private static final int SHORT_ACTIONS = 10;
  private static final int SHORT_SECTORS = 8;

  static Settings draw(RandomGenerator random) {
    return new Settings(
        4 + random.nextInt(4),
        random.nextBoolean() ? CrashGrain.SECTOR : CrashGrain.CACHE_LINE,
        random.nextBoolean(),
        1 << random.nextInt(4),
        1 + random.nextInt(2),
        random.nextBoolean() ? 50 + random.nextInt(41) : random.nextInt(36),
        new Weights(random),
        1 + random.nextInt(10),
        4 + random.nextInt(8),
        10 + random.nextInt(50),
        1 + random.nextInt(4),
        random.nextInt(100),
        1 << (1 + random.nextInt(6)),
        random.nextInt(4) == 0 ? LEAST_EXTENTS + random.nextInt(LEAST_EXTENTS) : 0,
        false);
  }

  /** The same, but a short history, with every crash that can happen to it. */
  Settings exhaustively() {
    return new Settings(
        segments,
        grain,
        dataCrc,
        stripes,
        dataHeads,
        gcPercent,
        weights,
        stepsBetween,
        SHORT_LIVES,
        SHORT_ACTIONS,
        1,
        hotShare,
        Math.min(maxSectors, SHORT_SECTORS),
        maxExtents,
        true);
  }

  /** How much room the log is left with in its segment, so that it soon goes on in another. */
  static int logRoomBytes(RandomGenerator random) {
    return 24 + 8 * random.nextInt(LARGEST_ROOM_BYTES / 8);
  }

  /** In words, for a report. */
  String describe() {
    return "%d segments, %s, data_crc %s, %d stripes, %d data heads, gc_percent %d, %d lives of %d actions, %s; %s"
        .formatted(
            segments,
            grain,
            dataCrc ? "on" : "off",
            stripes,
            dataHeads,
            gcPercent,
            lives,
            actionsPerLife,
            maxExtents == 0 ? "any number of extents" : "about " + maxExtents + " extents",
            weights);
  }
}
