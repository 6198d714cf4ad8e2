package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.BackingTransfers;
import io.pcache.PcacheStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusTextTest {
  @Test
  void everyFactHasItsLine() {
    assertThat(new StatusText(Samples.status(), Samples.clients()))
        .hasToString(
            """
            cache       'demo' cache.img
                        file media, outlives a power cut if its device does, data checksummed
                        not used as DAX: this virtual machine has no C2 compiler: TieredStopAtLevel is 1
            staging     /dev/shm/pcache-1.staged; every acknowledged write survives a killed process
            backing     disk.img, 1.00 GiB
            uuid        00112233-4455-6677-8899-aabbccddeeff
            in use      192 MiB of 496 MiB (38.7 %), 12 of 31 segments; reclaiming starts at 70 %
            extents     98,765, taking 3.00 MiB of at most 160 MiB of heap
            dirty       11.8 MiB (2.4 % of the cache) in 31 key sets, the oldest for at least 4.2 s
            write-back  running, 51.0 MiB written back
            log         head 3:168, written back to 2:4096, reclaimed to 1:512
            reads       1,234,567, 1000 MiB, 98.0 % of it from the cache
            writes      2,345, 64.0 MiB
            flushes     17
            reclaimed   5 segments
            transfers   9,876 requests to the backing device, 4 in flight; 20.0 MiB read, 52.0 MiB written, 31 flushes, 2 failed
            clients     2 of at most 64, 1 stalled in mid-message, 17 since the start; 3 requests with 1.50 MiB in flight, 2 waiting for memory; 9.00 KiB in socket buffers
                        unix:/run/disk.sock#3, user qemu, uses 'disk' since 2025-11-29T19:54:17Z, 3 requests with 1.50 MiB in flight
                        127.0.0.1:4711#1, in its handshake since 2025-11-29T19:54:21Z, 0 requests with 0 B in flight
            refused     1,234 clients: connection-limit
            cut off     5 clients: protocol-violation
            cut off     2 clients: stalled
            faults      none
            """);
  }

  @Test
  void ofADaemonThatDoesNotTellOfClientsNothingIsSaid() {
    assertThat(new StatusText(Samples.status(), null).toString()).doesNotContain("clients");
  }

  @Test
  void clientsAmongWhomNothingIsAmissHaveAShortLine() {
    ClientsStatus clients =
        new ClientsStatus(1, 64, 4, 0, 0, 0, 0, 0, List.of(), Map.of(), Map.of());
    assertThat(new StatusText(Samples.status(), clients).toString())
        .contains(
            "clients     1 of at most 64, 4 since the start; 0 requests with 0 B in flight\n");
  }

  @Test
  void nothingDirtyMeansThatTheBackingDeviceIsUpToDate() {
    assertThat(new StatusText(Samples.status(0, List.of()), null).toString())
        .contains("dirty       nothing; the backing device alone is up to date\n");
  }

  @Test
  @DisplayName("hazard 28: status claims nothing of a backing device that may be at fault")
  void whereAnythingIsAtFaultNothingIsClaimedOfTheBackingDevice() {
    assertThat(new StatusText(Samples.status(0, List.of("it is gone")), null).toString())
        .contains("dirty       nothing\n")
        .doesNotContain("up to date");
  }

  @Test
  void whatWasSetAsideIsDirty() {
    assertThat(new StatusText(Samples.withSetAside(1024, 512), null).toString())
        .contains(
            "dirty       1.00 KiB (0.0 % of the cache) in 31 key sets, the oldest for at least 4.2 s")
        .contains("; 512 B of it damaged and set aside\n");
    assertThat(new StatusText(Samples.withSetAside(512, 512), null).toString())
        .contains("dirty       512 B, all of it damaged and set aside\n")
        .doesNotContain("up to date");
  }

  @Test
  void faultsStandOutOneALine() {
    assertThat(
            new StatusText(Samples.status(1, List.of("first thing", "second thing")), null)
                .toString())
        .endsWith("FAULT       first thing\nFAULT       second thing\n");
  }

  @Test
  void noticesComeAfterTheFaults() {
    assertThat(new StatusText(Samples.withFiles(0, "as-opened", "grown"), null).toString())
        .endsWith(
            "FAULT       a file: it was deleted, copy it\nnotice      the file: it has grown\n");
  }

  @Test
  void aFreshCacheWithoutTrafficDividesByNothing() {
    PcacheStatus s = Samples.status();
    PcacheStatus fresh =
        new PcacheStatus(
            s.cache(),
            s.backing(),
            null,
            null,
            "memory",
            null,
            false,
            false,
            "/dev/shm: full",
            s.sizeBytes(),
            0,
            0,
            0,
            0,
            70,
            false,
            0,
            0,
            s.keyHead(),
            s.dirtyTail(),
            s.keyTail(),
            0,
            0,
            0,
            List.of(),
            0,
            0,
            1,
            3,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            new BackingTransfers(0, 0, 0, 0, 0, 0),
            "idle",
            "as-opened",
            "as-opened",
            "",
            List.of(),
            List.of());
    assertThat(new StatusText(fresh, null).toString())
        .contains("memory media, LOST WITH POWER\n")
        .contains("uuid        none (made by the kernel)\n")
        .contains("in use      0 B of 0 B (0.0 %)")
        .contains("reads       0\n")
        .contains("transfers   0 requests to the backing device\n")
        .contains("WAITING     3 requests wait for space\n")
        .doesNotContain("NaN");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.0 s",
    "59949, 59.9 s",
    "60000, 1 min 0 s",
    "3599999, 59 min 59 s",
    "90061000, 25 h 1 min"
  })
  void agesHaveTwoUnitsAtMost(long millis, String text) {
    assertThat(StatusText.age(Duration.ofMillis(millis))).isEqualTo(text);
  }
}
