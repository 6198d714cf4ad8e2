package io.pcache.cli;

import io.pcache.OpenOptions;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Carries out what is asked of a daemon on the cache that it serves. */
final class CacheControl implements ControlHandler {
  private static final String GC_PERCENT = "gc_percent";

  private final ServedCache cache;
  private final Supplier<@Nullable ClientsStatus> clients;
  private final Supplier<String> stopping;

  /**
   * One message at a time. It writes to the cache device, which may not answer: messages that wait
   * would take all places of those who ask for the status.
   */
  private final Semaphore message = new Semaphore(1);

  /**
   * Takes requests for a cache.
   *
   * @param clients who uses it; null before anybody can
   * @param stopping what a stop does that is under way, empty while there is none
   */
  CacheControl(
      ServedCache cache, Supplier<@Nullable ClientsStatus> clients, Supplier<String> stopping) {
    this.cache = cache;
    this.clients = clients;
    this.stopping = stopping;
  }

  @Override
  public ControlReply handle(ControlRequest request) {
    return switch (request.command()) {
      case "status" ->
          ControlReply.status(cache.status().withStopping(stopping.get()), clients.get());
      case "table" -> ControlReply.text(cache.status().toDmTableLine());
      case "message" -> message(request.arguments());
      default ->
          throw new BadOptionException(
              "the daemon does not know the request '"
                  + request.command()
                  + "'; it may be older than the command");
    };
  }

  /** The words may come one by one or as one argument in quotes, as dmsetup takes them too. */
  private ControlReply message(List<String> given) {
    List<String> arguments =
        given.size() == 1 ? List.of(given.getFirst().strip().split("\\s+")) : given;
    if (arguments.isEmpty() || !arguments.getFirst().equals(GC_PERCENT)) {
      throw new BadOptionException(
          "unknown message '" + String.join(" ", arguments) + "'; known: " + GC_PERCENT + " N");
    }
    if (arguments.size() != 2) {
      throw new BadOptionException(
          GC_PERCENT
              + " takes one value, "
              + OpenOptions.GC_PERCENT_RANGE
              + ", and got "
              + (arguments.size() - 1)
              + "; for instance: "
              + GC_PERCENT
              + " 70");
    }
    int percent = GcPercent.parse(arguments.get(1));
    if (!message.tryAcquire()) {
      throw new DeviceInUseException(
          "an earlier message is still being carried out, as where the cache device does not answer; look at pcache status, and try again later");
    }
    try {
      cache.setGcPercent(percent);
    } finally {
      message.release();
    }
    return ControlReply.text(GC_PERCENT + " is " + percent);
  }
}
