package io.pcache.log;

import java.util.UUID;

/**
 * The run of a cache that staged keys belong to.
 *
 * @param cache the cache's UUID
 * @param bootId the run of the machine
 * @param openedEpochMillis the mark that this run left in the cache's identity record; every run
 *     leaves a later one
 */
public record StagingOwner(UUID cache, UUID bootId, long openedEpochMillis) {}
