package io.pcache.cache.health;

import io.pcache.agent.Agent;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks periodically whether cache and backing device are still the files that were opened. Data
 * lost or about to be lost is a fault. A device that has merely grown is a notice.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time, the rest from any.
 */
public final class DeviceWatch implements Agent {
  /** Queries the condition of a device. */
  @FunctionalInterface
  public interface Look {
    FileCondition now() throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(DeviceWatch.class);

  private final Watched cacheDevice;
  private final Watched backingDevice;
  private volatile boolean stopped;

  public DeviceWatch(Look cacheDevice, Look backingDevice, CacheHealth health) {
    this.cacheDevice = new Watched("cache device", cacheDevice, health, health::cacheDeviceLost);
    this.backingDevice = new Watched("backing device", backingDevice, health, description -> {});
  }

  @Override
  public String name() {
    return "device-watch";
  }

  @Override
  public int doWork() {
    cacheDevice.look();
    backingDevice.look();
    return 0;
  }

  /** Stops reporting, because the devices are about to be closed. */
  public void stop() {
    stopped = true;
  }

  /** The condition of the cache device. */
  public FileCondition.Kind cacheDevice() {
    return cacheDevice.condition.kind();
  }

  /** The condition of the backing device. */
  public FileCondition.Kind backingDevice() {
    return backingDevice.condition.kind();
  }

  /** Information that is no fault, one line each. */
  public List<String> notices() {
    List<String> notices = new ArrayList<>();
    cacheDevice.addNotice(notices);
    backingDevice.addNotice(notices);
    return notices;
  }

  /** One of the two devices. */
  private final class Watched {
    private final String name;
    private final Look look;
    private final CacheHealth health;
    private final Consumer<String> onLoss;
    private volatile FileCondition condition = FileCondition.AS_OPENED;

    Watched(String name, Look look, CacheHealth health, Consumer<String> onLoss) {
      this.name = name;
      this.look = look;
      this.health = health;
      this.onLoss = onLoss;
    }

    void look() {
      FileCondition now;
      try {
        now = condition.followedBy(look.now());
      } catch (IOException e) {
        LOG.debug("{}: cannot look whether it is as it was opened", name, e);
        return;
      }
      if (stopped || now.equals(condition)) {
        return;
      }
      condition = now;
      if (now.isFault()) {
        health.report(name, now.description());
        if (now.hasLostData()) {
          onLoss.accept(now.description());
        }
      } else {
        health.clear(name);
        tellNotice(now);
      }
    }

    private void tellNotice(FileCondition now) {
      if (!now.description().isEmpty()) {
        LOG.info("{}: {}", name, now.description());
      }
    }

    void addNotice(List<String> notices) {
      FileCondition now = condition;
      if (!now.isFault() && !now.description().isEmpty()) {
        notices.add(name + ": " + now.description());
      }
    }
  }
}
