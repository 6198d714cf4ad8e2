package io.pcache.cache.health;

import io.pcache.agent.Clock;
import io.pcache.error.ClosedException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The current faults of a cache. A failure of the log is final. Staged keys may be lost, so nothing
 * more is acknowledged until the cache is opened again. Agents report and clear their own faults by
 * name.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class CacheHealth {
  private static final String ENDED = "the cache was ended; the request was not carried out";
  private static final Logger LOG = LoggerFactory.getLogger(CacheHealth.class);

  private final Runnable onLogFailure;
  private final AtomicReference<@Nullable PcacheException> logFailure = new AtomicReference<>();
  private final ConcurrentSkipListMap<String, String> faults = new ConcurrentSkipListMap<>();
  private final TransferFaults cacheWrites;
  private final TransferFaults cacheReads;
  private final TransferFaults backingReads;
  private final TransferFaults damagedReads;
  private volatile @Nullable String loss;

  /**
   * Begins without faults.
   *
   * @param onLogFailure run at each report that the log cannot be written any more
   */
  public CacheHealth(Clock clock, Runnable onLogFailure) {
    this.onLogFailure = onLogFailure;
    this.cacheWrites = new TransferFaults("failed writes to the cache device", clock);
    this.cacheReads = new TransferFaults("failed reads of the cache device", clock);
    this.backingReads = new TransferFaults("failed reads of the backing device", clock);
    this.damagedReads = new TransferFaults("reads that met damaged data", clock);
  }

  /**
   * Reads of data that does not match its checksum. This fault lasts until the cache is reopened.
   */
  public TransferFaults damagedReads() {
    return damagedReads;
  }

  /** Writes of data, for clients and for fills. */
  public TransferFaults cacheWrites() {
    return cacheWrites;
  }

  /** Reads of cached data for clients. */
  public TransferFaults cacheReads() {
    return cacheReads;
  }

  /** Reads that the cache cannot answer. */
  public TransferFaults backingReads() {
    return backingReads;
  }

  /** Reports that the log cannot be written any more. The first report counts. */
  public void logFailed(PcacheException failure) {
    logFailed(failure, ": check the device and open the cache again");
  }

  private void logFailed(PcacheException failure, String advice) {
    onLogFailure.run();
    if (logFailure.compareAndSet(null, failure)) {
      String fault = failure.getMessage() + "; nothing more is acknowledged" + advice;
      LOG.error("{}", fault);
      LOG.debug("where the cache device failed", failure);
      faults.put("log", fault);
    }
  }

  /**
   * Reports that the cache device was cut or removed. Nothing more is acknowledged or written back,
   * because what it lost may read as zeroes or as older data once it is back.
   */
  void cacheDeviceLost(String description) {
    loss = description;
    // The description says what to do. To open the cache again does not help if it was cut.
    logFailed(new MediaFailureException(description), "");
  }

  /** Returns whether the cache device was cut or removed. */
  public boolean hasLostCacheDevice() {
    return loss != null;
  }

  /**
   * Returns a new failure with which to answer reads of cached data that has no checksum, or null
   * while the cache device is whole.
   */
  public @Nullable PcacheException hitRefusal() {
    String lost = loss;
    return lost == null ? null : new MediaFailureException(lost);
  }

  /**
   * Reports that the cache was stopped on purpose without an orderly close. Nothing is acknowledged
   * any more.
   */
  public void ended() {
    logFailure.compareAndSet(null, new ClosedException(ENDED));
  }

  /** Whether nothing is acknowledged any more. */
  public boolean hasFailed() {
    return logFailure.get() != null;
  }

  /** A new failure with which to answer writes and flushes, or null while the log works. */
  public @Nullable PcacheException writeRefusal() {
    PcacheException failure = logFailure.get();
    return switch (failure) {
      case null -> null;
      case ClosedException _ -> new ClosedException(ENDED);
      case NoSpaceException _ ->
          new NoSpaceException(String.valueOf(failure.getMessage()), failure);
      default -> new MediaFailureException(String.valueOf(failure.getMessage()), failure);
    };
  }

  /** Reports an agent's fault, in place of its previous report. */
  public void report(String agent, String fault) {
    String before = faults.put(agent, fault);
    if (!fault.equals(before)) {
      LOG.warn("{}: {}", agent, fault);
    }
  }

  /**
   * Updates a fault that continues and has been logged. Status shows the new text; the log records
   * it only at debug level.
   */
  public void reportAgain(String agent, String fault) {
    if (!fault.equals(faults.put(agent, fault))) {
      LOG.debug("{}: {}", agent, fault);
    }
  }

  /** Clears an agent's fault. */
  public void clear(String agent) {
    if (faults.remove(agent) != null) {
      LOG.info("{}: works again", agent);
    }
  }

  /** The current faults, one line each. */
  public List<String> faults() {
    List<String> lines = new ArrayList<>();
    faults.forEach((agent, fault) -> lines.add(agent + ": " + fault));
    for (TransferFaults transfers : List.of(cacheWrites, cacheReads, backingReads, damagedReads)) {
      String fault = transfers.fault();
      if (fault != null) {
        lines.add(fault);
      }
    }
    return lines;
  }
}
