/**
 * Makes room. Write-back copies dirty data to the backing device, and the reclaimer frees its
 * segments.
 */
@NullMarked
package io.pcache.cache.destage;

import org.jspecify.annotations.NullMarked;
