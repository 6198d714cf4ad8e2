/**
 * What front ends serve, what they submit, and for whom: {@link io.pcache.block.BlockDevice},
 * {@link io.pcache.block.BlockRequest}, and {@link io.pcache.block.RequestSource}.
 */
@NullMarked
package io.pcache.block;

import org.jspecify.annotations.NullMarked;
