package io.pcache.backing;

import io.pcache.error.PcacheException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A callback that remembers what it was told, in order, and on which threads. */
final class Outcomes implements BackingRequest.Callback {
  final List<Optional<PcacheException>> all = new CopyOnWriteArrayList<>();
  final List<Thread> threads = new CopyOnWriteArrayList<>();

  @Override
  public void completed(BackingRequest request, @Nullable PcacheException failure) {
    threads.add(Thread.currentThread());
    all.add(Optional.ofNullable(failure));
  }

  long failures() {
    return all.stream().filter(Optional::isPresent).count();
  }
}
