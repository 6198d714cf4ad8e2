package io.pcache.backing;

import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/** Told once when a {@link BackingRequest} is done. */
@FunctionalInterface
public interface BackingCallback {
  /**
   * The request is done. Runs on the device's completion worker, or on the submitting thread where
   * the device is closed already; holds no lock. Must not block and must not throw. May acquire and
   * submit other requests, and may submit this one again, as it is or, for a memory request,
   * prepared anew; otherwise it goes back to the pool when this returns and must not be kept. After
   * a {@link io.pcache.error.ClosedException} nothing should be submitted again.
   *
   * @param request as it was prepared
   * @param failure null on success; otherwise none of the bytes may be relied on
   */
  void completed(BackingRequest request, @Nullable PcacheException failure);
}
