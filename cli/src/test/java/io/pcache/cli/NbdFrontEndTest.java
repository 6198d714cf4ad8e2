package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.agent.Patience;
import io.pcache.error.BadOptionException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(600)
class NbdFrontEndTest {
  @TempDir Path folder;

  @Test
  void aWrongAddressIsToldBeforeThereIsADevice() {
    assertThatThrownBy(() -> NbdFrontEnd.starter(List.of("nonsense"), "", limits()))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("nonsense");
  }

  @Test
  void itServesAtEveryAddressUntilItIsClosed() throws Exception {
    Path socket = folder.resolve("nbd.sock");
    FrontEnd.Starter starter =
        NbdFrontEnd.starter(List.of("unix:" + socket, "127.0.0.1:0"), "disk", limits());
    FrontEnd frontEnd = starter.start(new FakeCache(List.of()));
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      assertThat(client.isConnected()).isTrue();
      assertThat(frontEnd.uris())
          .satisfiesExactlyInAnyOrder(
              uri -> assertThat(uri).startsWith("nbd+unix:///disk?socket=").endsWith("nbd.sock"),
              uri -> assertThat(uri).matches("nbd://127\\.0\\.0\\.1:\\d+/disk"));
    } finally {
      frontEnd.close(Patience.standard());
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void itTurnsAwayWhoComesAboveTheLimitThatWasChosen() throws Exception {
    Path socket = folder.resolve("nbd.sock");
    FrontEnd.Starter starter =
        NbdFrontEnd.starter(List.of("unix:" + socket), "", limits("--max-connections", "1"));
    FrontEnd frontEnd = starter.start(new FakeCache(List.of()));
    try (SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        SocketChannel second = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      assertThat(first.read(ByteBuffer.allocate(1))).isOne();
      assertThat(second.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      assertThat(frontEnd.clients().limit()).isOne();
      assertThat(frontEnd.clients().connections())
          .singleElement()
          .satisfies(client -> assertThat(client.export()).isNull());
      assertThat(frontEnd.clients().refused()).containsExactly(Map.entry("connection-limit", 1L));
      assertThat(frontEnd.clients().cutOff()).isEmpty();
    } finally {
      frontEnd.close(Patience.standard());
    }
  }

  private static ClientLimits limits(String... options) {
    return CommandLine.populateCommand(new ClientLimits(), options);
  }
}
