/**
 * The only way by which data enters the cache. Requests use it, and destaging may: a policy that
 * keeps data inserts it again.
 */
@NullMarked
package io.pcache.cache.insert;

import org.jspecify.annotations.NullMarked;
