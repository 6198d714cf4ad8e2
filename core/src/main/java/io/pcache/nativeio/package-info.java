/**
 * The only package that calls the operating system through foreign functions: files by descriptor,
 * with the calls that {@code java.nio} lacks.
 */
@NullMarked
package io.pcache.nativeio;

import org.jspecify.annotations.NullMarked;
