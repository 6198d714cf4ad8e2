/**
 * Fuzz targets: each has a method that takes any bytes and returns, or throws where the code under
 * test did what it must not. What refuses input with a typed error has done its work.
 */
@NullMarked
package io.pcache.fuzz;

import org.jspecify.annotations.NullMarked;
