/** Examines a cache that recovery refuses, describes the damage, and repairs it on request. */
@NullMarked
package io.pcache.cache.repair;

import org.jspecify.annotations.NullMarked;
