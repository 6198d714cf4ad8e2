/**
 * The error types of pcache, distinguished by the operator's remedy, and the invariant checks
 * between layers.
 */
@NullMarked
package io.pcache.error;

import org.jspecify.annotations.NullMarked;
