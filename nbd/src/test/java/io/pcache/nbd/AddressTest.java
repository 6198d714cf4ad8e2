package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.testkit.Command;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class AddressTest {
  @TempDir private Path folder;

  private final RamDevice device = new RamDevice(1 << 20);

  private NbdServer startAt(String address) {
    return NbdServer.start(NbdServerOptions.builder().listen(address).build(), Map.of("", device));
  }

  @ParameterizedTest
  @CsvSource({
    "unix:/run/pcache/s, unix:/run/pcache/s",
    "unix:relative, unix:relative",
    "127.0.0.1:10809, 127.0.0.1:10809",
    "example.org:0, example.org:0",
    "[::1]:65535, [::1]:65535",
    ":10809, 127.0.0.1:10809"
  })
  void addressesAreReadAndWritten(String text, String canonical) {
    assertThat(ListenAddress.parse(text)).hasToString(canonical);
    assertThat(ListenAddress.parse(canonical)).isEqualTo(ListenAddress.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unix:",
        "localhost",
        "10809",
        "host:",
        "host:x",
        "host:65536",
        "host:-1",
        "::1:5",
        "[::1:5",
        "host:123456789012",
        "[]:1"
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> ListenAddress.parse(text)).isInstanceOf(BadOptionException.class);
  }

  @Test
  void theSocketBelongsToItsOwnerAndGoesWithTheServer() throws IOException {
    Path socket = folder.resolve("s");
    try (NbdServer server = startAt("unix:" + socket)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      assertThat(folder).isDirectoryContaining(path -> path.equals(socket));
      assertThat(server.addresses()).containsExactly(new ListenAddress.Unix(socket));
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aSocketThatIsServedIsRefused() throws IOException {
    Path socket = folder.resolve("s");
    try (NbdServer server = startAt("unix:" + socket)) {
      assertThatThrownBy(() -> startAt("unix:" + socket))
          .isInstanceOf(DeviceInUseException.class)
          .hasMessageContaining(socket.toString());
      try (RawClient client = RawClient.start(server.addresses().getFirst(), ReplyStyle.SIMPLE)) {
        assertThat(client.read(0, 512)).hasSize(512);
      }
    }
  }

  @Test
  void aStaleSocketIsReplaced() throws IOException {
    Path socket = folder.resolve("s");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      assertThat(dead.bind(UnixDomainSocketAddress.of(socket)).isOpen()).isTrue();
    }
    assertThat(socket).exists();
    try (NbdServer server = startAt("unix:" + socket);
        RawClient client = RawClient.start(server.addresses().getFirst(), ReplyStyle.SIMPLE)) {
      assertThat(client.read(0, 512)).hasSize(512);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws IOException {
    Path file = Files.writeString(folder.resolve("precious"), "content");
    assertThatThrownBy(() -> startAt("unix:" + file)).isInstanceOf(BadOptionException.class);
    assertThat(file).hasContent("content");
  }

  /** As a device node does, it looks like a socket to who asks only whether it is a file. */
  @Test
  void aFifoIsLeftAlone() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    Command.run("mkfifo", fifo.toString()).succeeded();
    Object before = Files.getAttribute(fifo, "unix:ino");
    assertThatThrownBy(() -> startAt("unix:" + fifo))
        .isInstanceOf(BadOptionException.class)
        .hasMessage(
            "cannot listen on unix:%s: what is there is no socket; move it away, or give another path with --listen"
                .formatted(fifo));
    assertThat(Files.getAttribute(fifo, "unix:ino")).isEqualTo(before);
    assertThat(folder.toFile().list()).containsExactly("fifo");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "."})
  void aFolderIsNoPlaceForASocket(String path) {
    assertThatThrownBy(() -> startAt("unix:" + path))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("unix:" + path + ": what is there is no socket");
  }

  @Test
  void theSocketOfASuccessorIsNotRemoved() throws IOException {
    Path socket = folder.resolve("s");
    NbdServer first = startAt("unix:" + socket);
    Files.delete(socket);
    try (NbdServer second = startAt("unix:" + socket)) {
      first.close();
      assertThat(socket).exists();
      assertThat(second.addresses()).isEqualTo(first.addresses());
    }
  }

  @Test
  void aFolderThatDoesNotExistIsABadOption() {
    String address = "unix:" + folder.resolve("none/s");
    assertThatThrownBy(() -> startAt(address))
        .isInstanceOf(BadOptionException.class)
        .hasMessage(
            "cannot listen on %s: there is no folder %s; make it first, or give another path"
                .formatted(address, folder.resolve("none")));
  }

  @Test
  void anAddressOfAnotherMachineIsABadOption() {
    assertThatThrownBy(() -> startAt("192.0.2.1:0"))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("cannot listen on 192.0.2.1:0")
        .hasMessageContaining("give an address of this machine");
  }

  @Test
  void aSocketWhoseProcessStandsStillIsRefusedAtOnce() throws IOException {
    Path socket = folder.resolve("s");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
    try (ServerSocketChannel still = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      ServerSocketChannel unused = still.bind(address, 1);
      try (SocketChannel first = SocketChannel.open(address);
          SocketChannel second = SocketChannel.open(address)) {
        assertThat(first.isConnected() && second.isConnected()).isTrue();
        assertThatThrownBy(() -> startAt("unix:" + socket))
            .isInstanceOf(DeviceInUseException.class);
      }
    }
  }

  @Test
  void aTakenPortIsRefusedAndLeavesNothingBehind() {
    try (NbdServer server = startAt("127.0.0.1:0")) {
      NbdServerOptions both =
          NbdServerOptions.builder()
              .listen("unix:" + folder.resolve("s"))
              .listen(server.addresses().getFirst())
              .build();
      assertThatThrownBy(() -> NbdServer.start(both, Map.of("", device)))
          .isInstanceOf(DeviceInUseException.class)
          .hasMessageContaining("the port is in use; stop who listens there, or give another one");
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void urisNameEveryExportAtEveryAddress() {
    Map<String, BlockDevice> exports = new LinkedHashMap<>();
    exports.put("", device);
    exports.put("a b/ü", device);
    Path socket = folder.resolve("s 1");
    NbdServerOptions options =
        NbdServerOptions.builder().listen("unix:" + socket).listen("127.0.0.1:0").build();
    try (NbdServer server = NbdServer.start(options, exports)) {
      int port = ((ListenAddress.Tcp) server.addresses().get(1)).port();
      assertThat(server.uris())
          .containsExactly(
              "nbd+unix:///?socket=" + folder + "/s%201",
              "nbd+unix:///a%20b/%C3%BC?socket=" + folder + "/s%201",
              "nbd://127.0.0.1:" + port + "/",
              "nbd://127.0.0.1:" + port + "/a%20b/%C3%BC");
    }
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> NbdServerOptions.builder().build())
        .isInstanceOf(BadOptionException.class);
    assertThatThrownBy(
            () -> NbdServerOptions.builder().listen(":0").maxBytes((32 << 20) - 1).build())
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("33554431");
    assertThatThrownBy(() -> NbdServerOptions.builder().listen(":0").maxConnections(0).build())
        .isInstanceOf(BadOptionException.class);
  }

  @Test
  void exportsThatMakeNoSenseAreRefused() {
    NbdServerOptions options =
        NbdServerOptions.builder().listen("unix:" + folder.resolve("s")).build();
    assertThatThrownBy(() -> NbdServer.start(options, Map.of()))
        .isInstanceOf(BadOptionException.class);
    assertThatThrownBy(() -> NbdServer.start(options, Map.of("x".repeat(4097), device)))
        .isInstanceOf(BadOptionException.class);
    NbdServerOptions unknownDefault =
        NbdServerOptions.builder()
            .listen("unix:" + folder.resolve("s"))
            .defaultExport("none")
            .build();
    assertThatThrownBy(() -> NbdServer.start(unknownDefault, Map.of("disk", device)))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("none");
    assertThat(folder).isEmptyDirectory();
  }
}
