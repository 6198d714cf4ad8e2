/**
 * The engine as a library: format, open, serve, inspect and close a cache. Start at {@link
 * io.pcache.Pcache}.
 */
@NullMarked
package io.pcache;

import org.jspecify.annotations.NullMarked;
