/** The pcache command and the daemon. */
@NullMarked
package io.pcache.cli;

import org.jspecify.annotations.NullMarked;
