package io.pcache;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.pcache.agent.Agent;
import io.pcache.agent.CallWatch;
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
 * Notices a device that neither answers nor fails. Calls that have been under way for some seconds
 * are a fault of the cache while they last, and are logged once.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time, the rest from any.
 */
final class HungDevices implements Agent {
  /** Longer than a disk takes that is well, however busy. */
  static final long HUNG_NANOS = SECONDS.toNanos(5);

  private static final Logger LOG = LoggerFactory.getLogger(HungDevices.class);

  private final List<Device> devices;

  /** Those that are known not to answer, and for how long. */
  private final Map<Device, Long> hungNanos = new HashMap<>();

  HungDevices(List<Device> devices) {
    this.devices = List.copyOf(devices);
  }

  /**
   * A device that is watched.
   *
   * @param name as people know it
   * @param calls those that have not returned
   * @param slowCalls whether it gets on with those
   * @param failure makes the error that names it
   */
  record Device(
      String name,
      CallWatch calls,
      SlowCalls slowCalls,
      Function<String, PcacheException> failure) {
    Device(
        String name,
        CallWatch calls,
        LongSupplier movedSectors,
        Function<String, PcacheException> failure) {
      this(name, calls, new SlowCalls(calls, movedSectors), failure);
    }

    /** What is wrong with it, or null while it answers. */
    @Nullable String fault() {
      CallWatch.Outstanding hung = hung();
      return hung.calls() == 0 ? null : describe(hung);
    }

    private CallWatch.Outstanding hung() {
      return calls.longerThan(HUNG_NANOS);
    }

    private long oldestNanos() {
      return calls.longerThan(0).oldestNanos();
    }

    private String describe(CallWatch.Outstanding hung) {
      return "%s: does not answer: %d %s under way for %d s%s; check the device, or stop: what is dirty stays in the cache"
          .formatted(
              name,
              hung.calls(),
              hung.calls() == 1 ? "call has been" : "calls have been",
              NANOSECONDS.toSeconds(hung.oldestNanos()),
              hung.calls() == 1 ? "" : " or less");
    }
  }

  /** The error that names the first device that does not answer, or null while all do. */
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
   * What ends a stop that was given up: names the device that has been waited for longest, or else
   * the last.
   *
   * @param isDurable whether everything acknowledged has been made durable
   */
  PcacheException givenUp(Patience patience, boolean isDurable) {
    // Reads of the cache device through its mapping are not watched: where nothing else is under
    // way, it is these.
    Device longest = devices.getLast();
    for (Device device : devices) {
      if (device.oldestNanos() > longest.oldestNanos()) {
        longest = device;
      }
    }
    return longest.failure.apply(
        "%s %s: nothing has moved for %d s, so stopping is given up. %s"
            .formatted(
                longest.name,
                longest.oldestNanos() > 0 ? "does not answer" : "seems not to answer",
                patience.limitSeconds(),
                isDurable
                    ? "Everything acknowledged is in the cache, and what is dirty stays there"
                    : "What was flushed is in the cache; of the rest as much as after a kill"));
  }

  @Override
  public String name() {
    return "hung-devices";
  }

  /** Always 0: there is nothing to do until some time has passed. */
  @Override
  public int doWork() {
    for (Device device : devices) {
      look(device);
    }
    return 0;
  }

  private void look(Device device) {
    CallWatch.Outstanding hung = device.hung();
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

  /** A number that changes while a device gets on with calls that take long. */
  long progress() {
    return devices.stream().mapToLong(device -> device.slowCalls().progress()).sum();
  }

  /** What is wrong now, a line for each device that does not answer. */
  List<String> faults() {
    return devices.stream().map(Device::fault).filter(Objects::nonNull).toList();
  }
}
