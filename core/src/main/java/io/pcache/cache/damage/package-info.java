/** Handles data and key sets that are found damaged while the cache is open. */
@NullMarked
package io.pcache.cache.damage;

import org.jspecify.annotations.NullMarked;
