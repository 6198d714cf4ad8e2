/** Counters and faults of a cache and its devices. */
@NullMarked
package io.pcache.cache.health;

import org.jspecify.annotations.NullMarked;
