/** The segments of the cache device: where they lie, what they are used for, and who fills them. */
@NullMarked
package io.pcache.cache.segment;

import org.jspecify.annotations.NullMarked;
