/**
 * The engine as a library: format, open, serve, inspect and close a cache. {@link io.pcache.Pcache}
 * is the entry point.
 */
@NullMarked
package io.pcache;

import org.jspecify.annotations.NullMarked;
