/** What a cache has done, and what is wrong with it and its devices. */
@NullMarked
package io.pcache.cache.health;

import org.jspecify.annotations.NullMarked;
