/**
 * The few error types of pcache, named by what an operator does about them, and the checks that
 * hold between layers.
 */
@NullMarked
package io.pcache.error;

import org.jspecify.annotations.NullMarked;
