/**
 * The on-media format of dm-pcache: one descriptor class per record, decoded and validated once,
 * and the checksum and two-slot rules that all of them share. See {@code docs/on-media-format.md}.
 */
@NullMarked
package io.pcache.format;

import org.jspecify.annotations.NullMarked;
