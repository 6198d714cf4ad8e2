/**
 * Pacing: slows writers down, limits when agents wake each other, schedules retries, and limits the
 * index's memory.
 */
@NullMarked
package io.pcache.cache.pace;

import org.jspecify.annotations.NullMarked;
