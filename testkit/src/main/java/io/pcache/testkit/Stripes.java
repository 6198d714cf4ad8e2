package io.pcache.testkit;

/**
 * Cuts a device into stripes that belong to the threads in turn, so that every thread knows exactly
 * what its own sectors hold while all of them meet in the same 4 MiB of the device.
 *
 * @param stripeSectors length of a stripe
 * @param threads how many threads take turns
 * @param sectors length of the device
 */
record Stripes(int stripeSectors, int threads, int sectors) {
  /** A sector of the given thread near any sector. */
  int own(int thread, int anySector) {
    int stripe = anySector / stripeSectors;
    int mine = stripe - stripe % threads + thread;
    int sector = mine * stripeSectors + anySector % stripeSectors;
    return sector < sectors ? sector : thread * stripeSectors + anySector % stripeSectors;
  }

  /** Where the stripe of a sector ends. */
  int end(int sector) {
    return Math.min(sectors, (sector / stripeSectors + 1) * stripeSectors);
  }
}
