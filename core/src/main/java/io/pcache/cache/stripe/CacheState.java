package io.pcache.cache.stripe;

import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.index.ExtentIndex;

/**
 * The shared state of a cache, on which agents and requests work.
 *
 * @param geometry the layout of the media
 * @param index which bytes of which segment hold a range; stripes share its subtrees
 * @param stripes the locks of index and staged keys
 * @param segments the life cycle of the segments
 * @param health the current faults
 * @param counters the counts of requests and bytes
 */
public record CacheState(
    Geometry geometry,
    ExtentIndex index,
    Stripes stripes,
    Segments segments,
    CacheHealth health,
    CacheCounters counters) {}
