package io.pcache.media;

import java.util.UUID;

/**
 * A place that reports no memory of earlier processes but what it opens. So nothing that they left
 * elsewhere, or that cannot be opened, keeps a cache from opening.
 *
 * @param place where the memory is
 */
public record UnclaimedMemory(SharedMemoryPlace place) implements SharedMemoryPlace {
  @Override
  public SharedMemory open(UUID owner, long sizeBytes) {
    return place.open(owner, sizeBytes);
  }

  @Override
  public String folder() {
    return place.folder();
  }
}
