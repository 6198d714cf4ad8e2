/**
 * The segments of the cache device: their layout, their life cycle, and the heads that fill them.
 */
@NullMarked
package io.pcache.cache.segment;

import org.jspecify.annotations.NullMarked;
