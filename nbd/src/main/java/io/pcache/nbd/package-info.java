/** The server side of the NBD protocol. */
@NullMarked
package io.pcache.nbd;

import org.jspecify.annotations.NullMarked;
