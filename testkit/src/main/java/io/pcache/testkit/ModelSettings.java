package io.pcache.testkit;

/**
 * How large a model run is.
 *
 * @param operations requests in all threads together
 * @param threads how many threads send them
 * @param rounds how many times all threads stop and the cache is flushed, reopened or killed
 * @param hotBytes how much of the device gets half of the requests
 */
public record ModelSettings(int operations, int threads, int rounds, long hotBytes) {
  int operationsPerRoundAndThread() {
    return operations / rounds / threads + 1;
  }
}
