/** Simulated devices, fault injection, models and conformance suites. */
@NullMarked
package io.pcache.testkit;

import org.jspecify.annotations.NullMarked;
