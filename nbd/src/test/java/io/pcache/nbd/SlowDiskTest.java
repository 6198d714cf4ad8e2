package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.FileBackingStore;
import io.pcache.nbd.protocol.Command;
import io.pcache.testkit.MemoryFolder;
import io.pcache.testkit.RateLimitedStore;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of a small cache in front of a slow disk: however much one of them writes, the others go
 * on. What is counted is writes, while what would hold them up is still in flight; by the disk's
 * rate that takes minutes.
 */
@Timeout(600)
class SlowDiskTest {
  private static final long GIB = 1L << 30;
  private static final int MIB = 1 << 20;
  private static final long CACHE_BYTES = 512L * MIB;
  private static final long DISK_BYTES = 16 * GIB;
  private static final long DISK_BYTES_PER_SECOND = 40L * MIB;
  private static final long GIANT_BYTES = 8 * GIB;
  private static final long SMALL_OFFSET = 12 * GIB;
  private static final int LARGE_BYTES = 32 * MIB;
  private static final int SMALL_BYTES = 4096;
  private static final int SMALL_WRITES = 30;
  private static final int MAX_REQUESTS = 256;
  private static final int MANY_WRITES = 300;
  private static final int MANY_BYTES = 50 * MIB;

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  private Pcache cache;
  private ServerUnderTest server;
  private final List<Thread> threads = new ArrayList<>();

  @BeforeEach
  void serve() throws IOException {
    Path cacheFile = folder.resolve("cache");
    Path disk = SparseFiles.create(folder.resolve("disk"), DISK_BYTES);
    Pcache.format(FormatOptions.of(cacheFile).withSizeBytes(CACHE_BYTES));
    RateLimitedStore slow =
        RateLimitedStore.inRealTime(FileBackingStore.open(disk), DISK_BYTES_PER_SECOND);
    cache = Pcache.open(OpenOptions.of(cacheFile, disk), slow);
    server = ServerUnderTest.serving(cache.device());
  }

  @AfterEach
  void end() {
    // What is dirty by now would take the disk long.
    cache.kill();
    server.close();
    threads.forEach(Threads::joinUninterruptibly);
  }

  /** Zeroes of 8 GiB, which the disk takes minutes for. */
  private static void requestGiant(RawClient client) throws IOException {
    client.request(0, Command.WRITE_ZEROES, 1, 0, GIANT_BYTES);
  }

  private void awaitWaitingWrites() {
    ServerUnderTest.eventually(() -> cache.status().waitingRequests() > 0);
  }

  private static void writeSmall(RawClient client, int count) throws IOException {
    byte[] data = new byte[SMALL_BYTES];
    for (int i = 0; i < count; i++) {
      assertThat(client.writeAndAwait(0, SMALL_OFFSET + (long) i * SMALL_BYTES, data)).isZero();
    }
  }

  @Test
  @DisplayName("hazard 31: one client's giant write leaves the others their turns")
  void aGiantWriteLeavesOtherClientsTheirTurns() throws IOException {
    try (RawClient giant = server.start(ReplyStyle.EXTENDED);
        RawClient small = server.start(ReplyStyle.STRUCTURED)) {
      requestGiant(giant);
      awaitWaitingWrites();
      writeSmall(small, SMALL_WRITES);
      assertThat(cache.status().waitingRequests()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("hazard 31: what a client that is gone had waiting is dropped")
  void whatAClientThatIsGoneHadWaitingIsDropped() throws IOException {
    RawClient giant = server.start(ReplyStyle.EXTENDED);
    requestGiant(giant);
    awaitWaitingWrites();
    giant.close();
    server.awaitNoConnections();
    assertThat(cache.status().waitingRequests()).isZero();
    try (RawClient small = server.start(ReplyStyle.STRUCTURED)) {
      writeSmall(small, SMALL_WRITES);
    }
  }

  @Test
  @DisplayName("hazard 31: more than the limit of a client that is gone is dropped")
  void moreThanTheLimitOfAClientThatIsGoneIsDropped() throws IOException {
    RawClient client = server.start(ReplyStyle.STRUCTURED);
    for (int i = 0; i < MANY_WRITES; i++) {
      client.request(0, Command.WRITE_ZEROES, i, (long) i * MANY_BYTES, MANY_BYTES);
    }
    ServerUnderTest.eventually(() -> cache.status().waitingRequests() == MAX_REQUESTS);
    client.close();
    server.awaitNoConnections();
    ServerUnderTest.eventually(() -> cache.status().waitingRequests() == 0);
  }

  @Test
  @DisplayName("hazard 31: small writes go on beside the large ones of four clients")
  void smallWritesGoOnBesideLargeOnesOfFourClients() throws IOException {
    AtomicInteger largeWrites = new AtomicInteger();
    List<RawClient> large = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RawClient client = server.start(ReplyStyle.STRUCTURED);
      large.add(client);
      long offset = i * GIB;
      threads.add(
          Thread.ofPlatform().start(() -> writeLargeUntilClosed(client, offset, largeWrites)));
    }
    try (RawClient small = server.start(ReplyStyle.STRUCTURED)) {
      awaitWaitingWrites();
      int before = largeWrites.get();
      writeSmall(small, SMALL_WRITES);
      // In order of arrival it would be four for each small one.
      assertThat(largeWrites.get() - before).isLessThan(SMALL_WRITES);
    } finally {
      large.forEach(RawClient::close);
    }
  }

  private static void writeLargeUntilClosed(RawClient client, long offset, AtomicInteger count) {
    byte[] data = new byte[LARGE_BYTES];
    try {
      while (client.writeAndAwait(0, offset, data) == 0) {
        count.incrementAndGet();
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  @Test
  @DisplayName("hazard 31: small writes pass a giant one of their own connection")
  void smallWritesPassAGiantOneOfTheirOwnConnection() throws IOException {
    try (RawClient client = server.start(ReplyStyle.EXTENDED)) {
      requestGiant(client);
      awaitWaitingWrites();
      writeSmall(client, SMALL_WRITES);
      assertThat(cache.status().waitingRequests()).isEqualTo(1);
    }
  }
}
