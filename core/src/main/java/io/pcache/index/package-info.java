/** The index: which bytes of which segment hold a logical range. */
@NullMarked
package io.pcache.index;

import org.jspecify.annotations.NullMarked;
