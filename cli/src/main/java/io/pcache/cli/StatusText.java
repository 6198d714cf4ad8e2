package io.pcache.cli;

import io.pcache.BackingTransfers;
import io.pcache.PcacheStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A status as people read it: one fact a line, names in one column, values in the next. */
final class StatusText {
  private static final int NAME_WIDTH = 12;

  private final StringBuilder text = new StringBuilder();

  StatusText(PcacheStatus status, @Nullable ClientsStatus clients) {
    addDevices(status);
    addContents(status);
    addTraffic(status);
    if (clients != null) {
      addClients(clients);
    }
    addFaults(status);
  }

  private void addDevices(PcacheStatus status) {
    String label = status.label() == null ? "" : "'" + status.label() + "' ";
    line("cache", label + status.cache());
    line(
        "",
        status.mediaKind()
            + (status.outlivesPowerCut()
                ? " media, outlives a power cut if its device does"
                : " media, "
                    + (status.cacheFileIsLost() ? "LOST WITH ITS FILE" : "LOST WITH POWER"))
            + (status.dataCrc() ? ", data checksummed" : ""));
    if (status.whyNotDax() != null) {
      line("", "not used as DAX: " + status.whyNotDax());
    }
    line(
        "staging",
        status.survivesKill()
            ? status.staging() + "; every acknowledged write survives a killed process"
            : (status.cacheFileIsLost()
                    ? "A KILLED PROCESS LOSES what is not written back: "
                    : "A KILLED PROCESS MAY LOSE a second of unflushed writes: ")
                + status.staging());
    line("backing", status.backing() + ", " + ByteSize.format(status.sizeBytes()));
    line("uuid", status.uuid() == null ? "none (made by the kernel)" : status.uuid().toString());
  }

  private void addContents(PcacheStatus status) {
    line(
        "in use",
        "%s of %s (%s), %d of %d segments; reclaiming starts at %d %%"
            .formatted(
                ByteSize.format(
                    Math.round(
                        (double) status.cacheBytes()
                            * share(status.segmentsInUse(), status.segments()))),
                ByteSize.format(status.cacheBytes()),
                percent(status.segmentsInUse(), status.segments()),
                status.segmentsInUse(),
                status.segments(),
                status.gcPercent()));
    line(
        "extents",
        "%s, taking %s of at most %s of heap"
            .formatted(
                count(status.cachedExtents()),
                ByteSize.format(status.indexBytes()),
                ByteSize.format(status.indexLimitBytes())));
    line("dirty", dirty(status));
    line(
        "write-back",
        status.writeback() + ", " + ByteSize.format(status.writtenBackBytes()) + " written back");
    line(
        "log",
        "head %s, written back to %s, reclaimed to %s"
            .formatted(status.keyHead(), status.dirtyTail(), status.keyTail()));
  }

  private void addTraffic(PcacheStatus status) {
    long readBytes = status.readHitBytes() + status.readMissBytes();
    line(
        "reads",
        count(status.reads())
            + (readBytes == 0
                ? ""
                : ", %s, %s of it from the cache"
                    .formatted(
                        ByteSize.format(readBytes), percent(status.readHitBytes(), readBytes))));
    line(
        "writes",
        count(status.writes())
            + (status.writes() == 0 ? "" : ", " + ByteSize.format(status.writtenBytes())));
    line("flushes", count(status.flushes()));
    line("reclaimed", count(status.reclaimedSegments()) + " segments");
    line("transfers", describe(status.transfers()));
    if (status.waitingRequests() > 0) {
      line("WAITING", count(status.waitingRequests()) + " requests wait for space");
    }
  }

  private static String describe(BackingTransfers done) {
    String requests = count(done.requests()) + " requests to the backing device";
    return done.requests() == 0
        ? requests
        : "%s, %s in flight; %s read, %s written, %s flushes, %s failed"
            .formatted(
                requests,
                count(done.inFlight()),
                ByteSize.format(done.readBytes()),
                ByteSize.format(done.writtenBytes()),
                count(done.flushes()),
                count(done.errors()));
  }

  private void addClients(ClientsStatus clients) {
    line(
        "clients",
        "%s of at most %s%s, %s since the start; %s requests with %s in flight%s%s"
            .formatted(
                count(clients.connected()),
                count(clients.limit()),
                whereNotZero(clients.standingStill(), " stalled in mid-message"),
                count(clients.served()),
                count(clients.requestsInFlight()),
                ByteSize.format(clients.bytesInFlight()),
                whereNotZero(clients.memoryWaiters(), " waiting for memory"),
                clients.socketBufferBytes() == 0
                    ? ""
                    : "; " + ByteSize.format(clients.socketBufferBytes()) + " in socket buffers"));
    clients.connections().forEach(client -> line("", describe(client)));
    addCounts("refused", clients.refused());
    addCounts("cut off", clients.cutOff());
  }

  private static String whereNotZero(long value, String what) {
    return value == 0 ? "" : ", " + count(value) + what;
  }

  private static String describe(ClientsStatus.Client client) {
    return "%s%s, %s since %s, %s requests with %s in flight"
        .formatted(
            client.peer(),
            client.user() == null ? "" : ", user " + client.user(),
            client.export() == null ? "in its handshake" : "uses '" + client.export() + "'",
            Instant.ofEpochMilli(client.sinceEpochMillis()).truncatedTo(ChronoUnit.SECONDS),
            count(client.requestsInFlight()),
            ByteSize.format(client.bytesInFlight()));
  }

  private void addCounts(String name, Map<String, Long> counts) {
    counts.forEach((reason, number) -> line(name, count(number) + " clients: " + reason));
  }

  private void addFaults(PcacheStatus status) {
    if (!status.stopping().isEmpty()) {
      line("STOPPING", status.stopping());
    }
    if (status.faults().isEmpty()) {
      line("faults", "none");
    }
    status.faults().forEach(fault -> line("FAULT", fault));
    status.notices().forEach(notice -> line("notice", notice));
  }

  private static String dirty(PcacheStatus status) {
    if (status.dirtyBytes() == 0) {
      // What is at fault may be that device.
      return "nothing"
          + (status.faults().isEmpty() ? "; the backing device alone is up to date" : "");
    }
    long setAsideBytes = status.setAsideBytes();
    if (status.dirtyBytes() == setAsideBytes) {
      return ByteSize.format(setAsideBytes) + ", all of it damaged and set aside";
    }
    return "%s (%s of the cache) in %s key sets, the oldest for at least %s%s"
        .formatted(
            ByteSize.format(status.dirtyBytes()),
            percent(status.dirtyBytes(), status.cacheBytes()),
            count(status.dirtyKeySets()),
            age(Duration.ofMillis(status.oldestDirtyMillis())),
            setAsideBytes == 0
                ? ""
                : "; " + ByteSize.format(setAsideBytes) + " of it damaged and set aside");
  }

  /** Two units at most: what is hours old is not asked for in milliseconds. */
  static String age(Duration age) {
    if (age.compareTo(Duration.ofMinutes(1)) < 0) {
      return String.format(Locale.ROOT, "%.1f s", age.toMillis() / 1000.0);
    }
    if (age.compareTo(Duration.ofHours(1)) < 0) {
      return age.toMinutes() + " min " + age.toSecondsPart() + " s";
    }
    return age.toHours() + " h " + age.toMinutesPart() + " min";
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  private static String percent(long part, long whole) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share(part, whole));
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private void line(String name, String value) {
    text.append(name)
        .repeat(' ', NAME_WIDTH - name.length())
        .append(Printable.line(value))
        .append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
