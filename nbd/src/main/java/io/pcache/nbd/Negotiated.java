package io.pcache.nbd;

import java.util.Set;

/**
 * What a handshake led to.
 *
 * @param export what is served
 * @param style which headers are used
 * @param contexts what block status reports, in this order; may be empty
 */
record Negotiated(Export export, ReplyStyle style, Set<MetaContext> contexts) {}
