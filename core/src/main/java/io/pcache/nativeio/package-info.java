/**
 * The only package that makes foreign calls to the operating system: files by descriptor, with the
 * calls that {@code java.nio} lacks.
 */
@NullMarked
package io.pcache.nativeio;

import org.jspecify.annotations.NullMarked;
