package io.pcache.log;

import java.util.UUID;

/**
 * The run of a cache that staged keys belong to.
 *
 * @param cache the cache's UUID
 * @param bootId the boot id of the machine
 * @param openedEpochMillis the open mark of this run in the cache's identity record; each run's
 *     mark is later than all before
 */
public record StagingOwner(UUID cache, UUID bootId, long openedEpochMillis) {}
