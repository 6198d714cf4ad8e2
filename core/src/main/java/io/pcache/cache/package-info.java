/**
 * The cache itself: segments and their life, the ways of a read, a write and a flush, and the
 * agents behind them: log committer, write-back, reclaimer, write queue.
 */
@NullMarked
package io.pcache.cache;

import org.jspecify.annotations.NullMarked;
