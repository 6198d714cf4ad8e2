package io.pcache.media;

import org.jspecify.annotations.Nullable;

/**
 * Memory that an owner left for another device or in another folder. A device of another number may
 * be the same one, which the system numbers anew when it is attached or mounted again.
 *
 * @param location where the memory is, and why it cannot be read, if so
 * @param ownLocation where the owner's memory for the present device would be
 * @param isOfThisDevice whether it belongs to the present device, and is in another folder
 * @param contents a copy of the memory, or null if it cannot be read
 * @param isInUse whether a process uses the memory
 */
public record StrayMemory(
    String location,
    String ownLocation,
    boolean isOfThisDevice,
    @Nullable SharedMemory contents,
    boolean isInUse) {}
