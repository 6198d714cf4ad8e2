/**
 * The cache itself. It assembles the segments, the paths of reads, writes and flushes, and the
 * background agents. The agents are the log committer, write-back, the reclaimer and the write
 * queue.
 */
@NullMarked
package io.pcache.cache;

import org.jspecify.annotations.NullMarked;
