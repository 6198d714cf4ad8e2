/**
 * The on-media format of dm-pcache. Each record has one descriptor class, which decodes and
 * validates it once. All records share the checksum, and most share the two-slot rules. See {@code
 * docs/on-media-format.md}.
 */
@NullMarked
package io.pcache.format;

import org.jspecify.annotations.NullMarked;
