package io.pcache.cli;

import io.pcache.BackingTransfers;
import io.pcache.DamagedRange;
import io.pcache.PcacheStatus;
import io.pcache.format.LogAddress;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A status with a different number in every field. */
final class Samples {
  static final UUID ID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

  private Samples() {}

  static PcacheStatus status() {
    return status(12_345_678L, List.of());
  }

  /** Two clients, of which the second is in its handshake and came over TCP. */
  static ClientsStatus clients() {
    return new ClientsStatus(
        2,
        64,
        17,
        3,
        3 << 19,
        1,
        2,
        9 << 10,
        List.of(
            new ClientsStatus.Client(
                "unix:/run/disk.sock#3", "qemu", "disk", 1_764_446_057_900L, 3, 3 << 19),
            new ClientsStatus.Client("127.0.0.1:4711#1", null, null, 1_764_446_061_000L, 0, 0)),
        Map.of("connection-limit", 1_234L),
        Map.of("stalled", 2L, "protocol-violation", 5L));
  }

  /** One of which a file has become something else, with a fault that says so. */
  static PcacheStatus withFiles(long dirtyBytes, String cacheFile, String backingFile) {
    PcacheStatus s = status(dirtyBytes, List.of("a file: it was deleted, copy it"));
    return new PcacheStatus(
        s.cache(),
        s.backing(),
        s.uuid(),
        s.label(),
        s.mediaKind(),
        s.whyNotDax(),
        s.outlivesPowerCut(),
        s.survivesKill(),
        s.staging(),
        s.sizeBytes(),
        s.cacheBytes(),
        s.segNum(),
        s.segments(),
        s.segmentsInUse(),
        s.gcPercent(),
        s.dataCrc(),
        s.superblockFlags(),
        s.cacheInfoFlags(),
        s.keyHead(),
        s.dirtyTail(),
        s.keyTail(),
        s.dirtyBytes(),
        s.dirtyKeySets(),
        s.oldestDirtyMillis(),
        s.setAside(),
        s.cachedExtents(),
        s.indexBytes(),
        s.indexLimitBytes(),
        s.waitingRequests(),
        s.reads(),
        s.readHitBytes(),
        s.readMissBytes(),
        s.writes(),
        s.writtenBytes(),
        s.flushes(),
        s.writtenBackBytes(),
        s.reclaimedSegments(),
        s.transfers(),
        s.writeback(),
        cacheFile,
        backingFile,
        s.stopping(),
        s.faults(),
        List.of("the file: it has grown"));
  }

  static PcacheStatus status(long dirtyBytes, List<String> faults) {
    return status(dirtyBytes, List.of(), "running", faults);
  }

  /** Dirty bytes of which some were set aside, and nothing else wrong. */
  static PcacheStatus withSetAside(long dirtyBytes, long setAsideBytes) {
    return status(dirtyBytes, List.of(new DamagedRange(4096, setAsideBytes)), "idle", List.of());
  }

  static PcacheStatus status(
      long dirtyBytes, List<DamagedRange> setAside, String writeback, List<String> faults) {
    return new PcacheStatus(
        "cache.img",
        "disk.img",
        ID,
        "demo",
        "file",
        "this virtual machine has no C2 compiler: TieredStopAtLevel is 1",
        true,
        true,
        "/dev/shm/pcache-1.staged",
        1L << 30,
        520_093_696L,
        31,
        31,
        12,
        70,
        true,
        4,
        0x1182,
        new LogAddress(3, 168),
        new LogAddress(2, 4096),
        new LogAddress(1, 512),
        dirtyBytes,
        dirtyBytes == 0 ? 0 : 31,
        dirtyBytes == 0 ? 0 : 4_200,
        setAside,
        98_765,
        3L << 20,
        160L << 20,
        0,
        1_234_567,
        980L << 20,
        20L << 20,
        2_345,
        64L << 20,
        17,
        51L << 20,
        5,
        new BackingTransfers(9_876, 4, 20L << 20, 52L << 20, 31, 2),
        writeback,
        "as-opened",
        "as-opened",
        "",
        faults,
        List.of());
  }
}
