/**
 * Background work in steps. Agents do a bounded piece of work when called. The package also has the
 * clock that they read and the runner that gives each of them a thread.
 */
@NullMarked
package io.pcache.agent;

import org.jspecify.annotations.NullMarked;
