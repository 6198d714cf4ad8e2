/**
 * What makes room: write-back, which brings data to the backing device, and reclaiming, which frees
 * its segments.
 */
@NullMarked
package io.pcache.cache.destage;

import org.jspecify.annotations.NullMarked;
