/** Rebuilds the in-memory state when a cache is opened. */
@NullMarked
package io.pcache.cache.recovery;

import org.jspecify.annotations.NullMarked;
