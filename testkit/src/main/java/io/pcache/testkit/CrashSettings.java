package io.pcache.testkit;

/**
 * What a {@link CrashRun} runs on.
 *
 * @param segments segments of the cache, at least 4
 * @param grain what kind of device
 * @param dataCrc whether data is checksummed
 * @param stripes locks of the index, a power of two; with one the order of the log is that of the
 *     writes, and the backing device is checked to be a past state of it
 */
record CrashSettings(int segments, CrashGrain grain, boolean dataCrc, int stripes) {
  boolean logIsOrdered() {
    return stripes == 1;
  }
}
