package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.Handshake;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What connections cost in memory, while they are there and when they are gone. */
@Timeout(600)
class ConnectionMemoryTest {
  private static final int CHURN = 2000;
  private static final int IN_HANDSHAKE = 50;

  @Test
  void twoThousandConnectionsLeaveNothingLiveBehind() throws IOException {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(1 << 20))) {
      for (int i = 0; i < CHURN / 10; i++) {
        useOnce(server);
      }
      server.awaitNoConnections();
      long before = liveBytes();
      for (int i = 0; i < CHURN; i++) {
        useOnce(server);
      }
      server.awaitNoConnections();
      // 100 bytes a connection would be twice as much.
      assertThat(liveBytes()).isLessThan(before + 100_000);
    }
  }

  private static void useOnce(ServerUnderTest server) throws IOException {
    try (RawClient client = server.start(ReplyStyle.EXTENDED)) {
      client.request(0, Command.READ, 1, 0, 4096);
      assertThat(client.reply(4096).errno()).isZero();
    }
  }

  @Test
  void aConnectionInItsHandshakeTakesSomeKibibytes() throws IOException {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(1 << 20))) {
      useOnce(server);
      server.awaitNoConnections();
      long heapBefore = liveBytes();
      long buffersBefore = server.status().socketBufferBytes();
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < IN_HANDSHAKE; i++) {
        RawClient client = server.connect();
        client.greet(Handshake.FLAG_FIXED_NEWSTYLE);
        clients.add(client);
      }
      ServerUnderTest.eventually(() -> server.status().connectionsOpen() == IN_HANDSHAKE);
      long heapEach = (liveBytes() - heapBefore) / IN_HANDSHAKE;
      long buffersEach = (server.status().socketBufferBytes() - buffersBefore) / IN_HANDSHAKE;
      // The clients' own memory is in the same heap.
      assertThat(heapEach).isLessThan(24 << 10);
      assertThat(buffersEach).isLessThanOrEqualTo(4 << 10);
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void aConnectionInItsHandshakeTakesNoThread() throws IOException {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(1 << 20))) {
      useOnce(server);
      server.awaitNoConnections();
      Set<Thread> before = platformThreads();
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < IN_HANDSHAKE; i++) {
        RawClient client = server.connect();
        client.greet(Handshake.FLAG_FIXED_NEWSTYLE);
        clients.add(client);
      }
      ServerUnderTest.eventually(() -> server.status().connectionsOpen() == IN_HANDSHAKE);
      assertThat(platformThreads()).filteredOn(thread -> !before.contains(thread)).isEmpty();
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  /** Those of the virtual machine's own scheduler, a few for all virtual threads, apart. */
  private static Set<Thread> platformThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("nbd-"))
        .collect(Collectors.toSet());
  }

  /** By the least of several collections: other threads of this process allocate meanwhile. */
  private static long liveBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }
}
