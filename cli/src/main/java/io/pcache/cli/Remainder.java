package io.pcache.cli;

import io.pcache.DamagedRange;
import io.pcache.PcacheStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What is left in a cache that is about to be closed and not on its backing device, for people.
 *
 * @param status the cache's last one
 */
record Remainder(PcacheStatus status) {
  /** A line for each kind of data that is left; none where the backing device has everything. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (dirtyBytes() > 0) {
      lines.add(
          "%s %s; until then %s alone is older"
              .formatted(ByteSize.format(dirtyBytes()), whereItStays(), status.backing()));
    }
    if (!status.setAside().isEmpty()) {
      lines.add(
          "%s were damaged in the cache and set aside: %s; reading them fails until they are written anew"
              .formatted(ByteSize.format(status.setAsideBytes()), ranges()));
    }
    return lines;
  }

  /** What can still be written back. */
  long dirtyBytes() {
    return status.dirtyBytes() - status.setAsideBytes();
  }

  private String whereItStays() {
    return status.writeback().equals("stopped")
        ? "are not written back; what the cache device still has of them is served next time"
        : "stay in the cache and are served next time";
  }

  private String ranges() {
    return status.setAside().stream().map(DamagedRange::toString).collect(Collectors.joining(", "));
  }
}
