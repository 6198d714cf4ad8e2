/**
 * What front ends serve and what they submit: {@link io.pcache.block.BlockDevice} and {@link
 * io.pcache.block.BlockRequest}.
 */
@NullMarked
package io.pcache.block;

import org.jspecify.annotations.NullMarked;
