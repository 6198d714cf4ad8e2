/**
 * Stripes. Each holds the index, the staged keys and the misses in flight of a share of the device,
 * under one lock.
 */
@NullMarked
package io.pcache.cache.stripe;

import org.jspecify.annotations.NullMarked;
