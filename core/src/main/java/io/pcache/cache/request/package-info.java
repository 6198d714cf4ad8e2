/**
 * Carries out requests. Contains the read path, the write path, and the queue of waiting writes.
 */
@NullMarked
package io.pcache.cache.request;

import org.jspecify.annotations.NullMarked;
