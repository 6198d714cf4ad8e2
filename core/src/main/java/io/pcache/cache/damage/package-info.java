/** What to do about data and key sets that turn out damaged while the cache is open. */
@NullMarked
package io.pcache.cache.damage;

import org.jspecify.annotations.NullMarked;
