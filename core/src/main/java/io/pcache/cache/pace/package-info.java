/**
 * How fast things go: what holds writers back, when agents wake each other, and when they try
 * again.
 */
@NullMarked
package io.pcache.cache.pace;

import org.jspecify.annotations.NullMarked;
