/**
 * Key sets: staging keys in memory, appending them to the log, reading and walking it, and deciding
 * where it ends.
 */
@NullMarked
package io.pcache.log;

import org.jspecify.annotations.NullMarked;
