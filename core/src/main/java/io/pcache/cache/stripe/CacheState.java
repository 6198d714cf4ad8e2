package io.pcache.cache.stripe;

import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.index.ExtentIndex;

/**
 * What a cache is made of besides those who work on it.
 *
 * @param geometry where things lie on the media
 * @param index which bytes of which segment hold a range; its subtrees are the stripes'
 * @param stripes who guards index and staged keys
 * @param segments the life of the segments
 * @param health what is wrong
 * @param counters what was done
 */
public record CacheState(
    Geometry geometry,
    ExtentIndex index,
    Stripes stripes,
    Segments segments,
    CacheHealth health,
    CacheCounters counters) {}
