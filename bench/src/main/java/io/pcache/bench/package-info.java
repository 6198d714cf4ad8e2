/**
 * Benchmarks of the engine and of the parts that a request passes. Not shipped. Start at {@link
 * io.pcache.bench.Main}.
 */
@NullMarked
package io.pcache.bench;

import org.jspecify.annotations.NullMarked;
