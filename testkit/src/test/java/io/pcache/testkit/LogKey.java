package io.pcache.testkit;

/** A key's fields, in the order of the format; the data checksum is 0. */
record LogKey(long off, int len, int flags, int cacheSegId, int cacheSegOff, long segGen) {}
