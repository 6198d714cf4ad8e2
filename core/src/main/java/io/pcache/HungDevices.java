package io.pcache;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.pcache.agent.Agent;
import io.pcache.agent.OutstandingCalls;
import io.pcache.agent.Patience;
import io.pcache.error.PcacheException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects a device that neither answers nor fails. A call that has been in progress for five
 * seconds is a fault of the cache as long as it lasts. The fault is logged once.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time, all other methods from any.
 */
final class HungDevices implements Agent {
  /** Longer than a healthy disk takes, however busy it is. */
  static final long HUNG_NANOS = SECONDS.toNanos(5);

  private static final Logger LOG = LoggerFactory.getLogger(HungDevices.class);

  private final List<Device> devices;

  /** The devices known not to answer, and for how long. */
  private final Map<Device, Long> hungNanos = new HashMap<>();

  HungDevices(List<Device> devices) {
    this.devices = List.copyOf(devices);
  }

  /**
   * A watched device.
   *
   * @param name its name in messages
   * @param calls its calls that have not returned
   * @param slowCalls whether its long calls make progress
   * @param failure creates the error that names it
   */
  record Device(
      String name,
      OutstandingCalls calls,
      SlowCalls slowCalls,
      Function<String, PcacheException> failure) {
    Device(
        String name,
        OutstandingCalls calls,
        LongSupplier movedSectors,
        Function<String, PcacheException> failure) {
      this(name, calls, new SlowCalls(calls, movedSectors), failure);
    }

    /** Returns the device's fault, or null while it answers. */
    @Nullable String fault() {
      OutstandingCalls.Outstanding hung = hung();
      return hung.calls() == 0 ? null : describe(hung);
    }

    private OutstandingCalls.Outstanding hung() {
      return calls.longerThan(HUNG_NANOS);
    }

    private long oldestNanos(long leastNanos) {
      return calls.longerThan(leastNanos).oldestNanos();
    }

    private String describe(OutstandingCalls.Outstanding hung) {
      return "%s: does not answer: %d %s under way for %d s%s; check the device, or stop: what is dirty stays in the cache"
          .formatted(
              name,
              hung.calls(),
              hung.calls() == 1 ? "call has been" : "calls have been",
              NANOSECONDS.toSeconds(hung.oldestNanos()),
              hung.calls() == 1 ? "" : " or less");
    }
  }

  /** Returns an error that names the first device that does not answer, or null while all do. */
  @Nullable PcacheException unanswered() {
    for (Device device : devices) {
      String fault = device.fault();
      if (fault != null) {
        return device.failure.apply(fault);
      }
    }
    return null;
  }

  /**
   * Returns the error that ends an abandoned stop. It names the device with the oldest call in
   * progress, or else the last device. A call that began while nothing moved is no reason.
   *
   * @param whatIsKept a sentence that says which writes the cache has
   */
  PcacheException givenUp(Patience patience, String whatIsKept) {
    // Most reads of the cache device through its mapping are not watched. If no call has been in
    // progress for long, such a read must be the one that hangs.
    Device longest = devices.getLast();
    long leastNanos = patience.timedOutNanos() / 2;
    for (Device device : devices) {
      if (device.oldestNanos(leastNanos) > longest.oldestNanos(leastNanos)) {
        longest = device;
      }
    }
    return longest.failure.apply(
        "%s %s: nothing has moved for %d s, so stopping is given up. %s"
            .formatted(
                longest.name,
                longest.oldestNanos(leastNanos) > 0 ? "does not answer" : "seems not to answer",
                patience.limitSeconds(),
                whatIsKept));
  }

  @Override
  public String name() {
    return "hung-devices";
  }

  /** Returns 0 always, because no work is left until some time has passed. */
  @Override
  public int doWork() {
    for (Device device : devices) {
      look(device);
    }
    return 0;
  }

  private void look(Device device) {
    OutstandingCalls.Outstanding hung = device.hung();
    if (hung.calls() > 0) {
      if (hungNanos.put(device, hung.oldestNanos()) == null) {
        LOG.warn("{}", device.describe(hung));
      }
      return;
    }
    Long nanos = hungNanos.remove(device);
    if (nanos != null) {
      LOG.warn("{}: answers again after {} s", device.name(), NANOSECONDS.toSeconds(nanos));
    }
  }

  /** Returns a number that changes while a device makes progress with long calls. */
  long progress() {
    return devices.stream().mapToLong(device -> device.slowCalls().progress()).sum();
  }

  /** Returns the present faults, one line for each device that does not answer. */
  List<String> faults() {
    return devices.stream().map(Device::fault).filter(Objects::nonNull).toList();
  }
}
