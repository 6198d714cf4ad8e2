/**
 * The bytes of a cache device: {@link io.pcache.media.Media} with its two operations, write and
 * sync, and its kinds. Code above this package does not depend on the kind.
 */
@NullMarked
package io.pcache.media;

import org.jspecify.annotations.NullMarked;
