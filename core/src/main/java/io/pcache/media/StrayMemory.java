package io.pcache.media;

import org.jspecify.annotations.Nullable;

/**
 * Memory that an owner left for another device. It may be the same device, which the system numbers
 * anew when it is attached or mounted again.
 *
 * @param location where the memory is, and why it cannot be read, if so
 * @param ownLocation where the owner's memory for the present device would be
 * @param contents a copy of the memory, or null if it cannot be read
 * @param isInUse whether a process uses the memory
 */
public record StrayMemory(
    String location, String ownLocation, @Nullable SharedMemory contents, boolean isInUse) {}
