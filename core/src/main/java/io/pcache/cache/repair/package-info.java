/** Looks at a cache that recovery refuses, says what is wrong, and mends it when told to. */
@NullMarked
package io.pcache.cache.repair;

import org.jspecify.annotations.NullMarked;
