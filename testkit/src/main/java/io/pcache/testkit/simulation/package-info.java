/**
 * The simulator: engine, cache device, backing device, agents and time in one thread, so that one
 * seed is one world, with power cuts, kills and faults, and two oracles that judge what is left.
 */
@NullMarked
package io.pcache.testkit.simulation;

import org.jspecify.annotations.NullMarked;
