/**
 * Carries requests out: the ways of reads and writes, the one door by which data enters the cache,
 * and the queue of writes that wait.
 */
@NullMarked
package io.pcache.cache.request;

import org.jspecify.annotations.NullMarked;
