/**
 * Background work as steps: agents that do a bounded piece of work when asked, the clock they read,
 * and the runner that gives each a thread.
 */
@NullMarked
package io.pcache.agent;

import org.jspecify.annotations.NullMarked;
