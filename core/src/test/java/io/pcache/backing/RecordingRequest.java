package io.pcache.backing;

import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A parent request that remembers how often it was completed, with what, and what to do then. */
final class RecordingRequest extends BlockRequest {
  final List<Optional<PcacheException>> completions = new ArrayList<>();
  Runnable onCompletion = () -> {};

  @Override
  protected void completed(@Nullable PcacheException cause) {
    completions.add(Optional.ofNullable(cause));
    onCompletion.run();
  }
}
