/** How the engine's concurrent parts are tried. */
@NullMarked
package io.pcache.stress;

import org.jspecify.annotations.NullMarked;
