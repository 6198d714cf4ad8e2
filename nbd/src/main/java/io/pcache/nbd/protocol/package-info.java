/**
 * The NBD protocol's numbers and message layouts, with the names its specification gives them.
 * Everything on the wire is big-endian.
 */
@NullMarked
package io.pcache.nbd.protocol;

import org.jspecify.annotations.NullMarked;
