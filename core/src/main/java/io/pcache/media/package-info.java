/**
 * Bytes that last: {@link io.pcache.media.Media} with its two verbs, write and sync, and its kinds.
 * No code above this package knows which kind it has.
 */
@NullMarked
package io.pcache.media;

import org.jspecify.annotations.NullMarked;
