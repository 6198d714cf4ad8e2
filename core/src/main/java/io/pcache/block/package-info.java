/**
 * The interface between front ends and devices. {@link io.pcache.block.BlockDevice} serves a {@link
 * io.pcache.block.BlockRequest} for a {@link io.pcache.block.RequestSource}.
 */
@NullMarked
package io.pcache.block;

import org.jspecify.annotations.NullMarked;
