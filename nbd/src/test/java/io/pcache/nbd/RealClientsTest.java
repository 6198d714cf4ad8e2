package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.RangeState;
import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresTool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that others wrote, against a device that answers at once and one that answers out of
 * order.
 */
@Timeout(600)
@ParameterizedClass
@EnumSource(RealClientsTest.Completion.class)
class RealClientsTest {
  private static final int SIZE = 32 << 20;
  private static final long SEED = 7;

  enum Completion {
    AT_ONCE,
    OUT_OF_ORDER
  }

  private final RamDevice device;
  private final ServerUnderTest server;

  @TempDir private Path folder;

  RealClientsTest(Completion completion) {
    device =
        completion == Completion.AT_ONCE
            ? new RamDevice(SIZE)
            : new ReorderingDevice(SIZE, 2, SEED);
    server =
        ServerUnderTest.serving(
            Map.of("disk", device), options -> options.listen("127.0.0.1:0").listen("localhost:0"));
  }

  @AfterEach
  void close() {
    server.close();
    if (device instanceof ReorderingDevice reordering) {
      reordering.close();
    }
  }

  private void fillRandomly() {
    byte[] bytes = new byte[SIZE];
    new Random(SEED).nextBytes(bytes);
    device.memory().copyFrom(MemorySegment.ofArray(bytes));
  }

  private static String run(String program, String... arguments) {
    try {
      return Command.run(program, arguments).succeeded();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while " + program + " ran", e);
    }
  }

  private byte[] content() {
    return device.memory().toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  @RequiresTool("nbdinfo")
  void nbdinfoDescribesAndMapsTheExport() {
    device.setState(1 << 20, 1 << 20, RangeState.DIRTY);
    for (String uri : server.server().uris()) {
      assertThat(run("nbdinfo", "--list", uri))
          .contains("export=\"disk\"", "structured packets", "base:allocation", "pcache:state")
          .contains(
              "can_multi_conn: true", "can_fua: true", "can_fast_zero: false", "can_trim: false")
          .contains("block_size_minimum: 512", "block_size_maximum: 33554432");
      assertThat(run("nbdinfo", "--size", uri)).isEqualTo(String.valueOf(SIZE));
      assertThat(run("nbdinfo", "--map", uri).split("\\s+", -1))
          .startsWith("0", "" + SIZE, "0", "data");
      assertThat(
              run("nbdinfo", "--map=pcache:state", uri)
                  .lines()
                  .map(line -> line.strip().split("\\s+", -1)[2]))
          .containsExactly("0", "2", "0");
    }
  }

  @Test
  @RequiresTool("nbdcopy")
  void nbdcopyCopiesInAndOut() throws IOException {
    byte[] bytes = new byte[SIZE];
    new Random(SEED).nextBytes(bytes);
    Path in = Files.write(folder.resolve("in"), bytes);
    Path out = folder.resolve("out");
    String uri = server.uri();
    var _ = run("nbdcopy", "--flush", in.toString(), uri);
    assertThat(content()).isEqualTo(bytes);
    assertThat(device.flushes).hasPositiveValue();
    var _ = run("nbdcopy", "--connections=4", uri, out.toString());
    assertThat(Files.readAllBytes(out)).isEqualTo(bytes);
  }

  @Test
  @RequiresTool("qemu-img")
  void qemuImgComparesAndConverts() throws IOException {
    fillRandomly();
    Path copy = folder.resolve("copy");
    String uri = server.uri();
    var _ = run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, copy.toString());
    assertThat(Files.readAllBytes(copy)).isEqualTo(content());
    assertThat(run("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, copy.toString()))
        .contains("identical");
    device.memory().fill((byte) 0);
    var _ = run("qemu-img", "convert", "-n", "-W", "-f", "raw", "-O", "raw", copy.toString(), uri);
    assertThat(Files.readAllBytes(copy)).isEqualTo(content());
  }

  @Test
  @RequiresTool("qemu-io")
  void qemuIoWritesZeroesAndReadsBack() {
    fillRandomly();
    List<String> commands =
        List.of(
            "write -P 7 512 65536",
            "write -f -P 8 1M 1M",
            "write -z 4096 8192",
            "write -z -u 2M 4M",
            "flush",
            "read -P 7 512 3584",
            "read -P 0 4096 8192",
            "read -P 8 1M 1M",
            "read -P 0 2M 4M",
            "read 0 32M");
    List<String> arguments = new ArrayList<>(List.of("-f", "raw"));
    for (String command : commands) {
      arguments.addAll(List.of("-c", command));
    }
    arguments.add(server.uri());
    assertThat(run("qemu-io", arguments.toArray(String[]::new)))
        .doesNotContainIgnoringCase("fail")
        .doesNotContainIgnoringCase("error");
    assertThat(device.flushes).hasPositiveValue();
  }

  @Test
  @RequiresTool("fio")
  void fioVerifiesWhatItWrote() {
    String output =
        run(
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=" + server.uri(),
            "--rw=randrw",
            "--bsrange=512-128k",
            "--iodepth=32",
            "--size=8m",
            "--offset=1m",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--randseed=" + SEED,
            "--fsync=64");
    assertThat(output).contains("err= 0");
  }

  @Test
  @RequiresTool("nbdsh")
  void libnbdUsesEverythingItKnows() throws IOException {
    device.setState(4096, 4096, RangeState.CLEAN);
    device.setState(8192, 512, RangeState.DIRTY);
    Path script = Files.writeString(folder.resolve("script.py"), LIBNBD_SCRIPT);
    // The interpreter that the nbd module was built for need not be the first one in PATH.
    for (String python : List.of("/usr/bin/python3", "python3")) {
      if (Files.isExecutable(Path.of(python)) || python.equals("python3")) {
        assertThat(run(python, script.toString(), server.uri())).contains("all well");
        return;
      }
    }
  }

  private static final String LIBNBD_SCRIPT =
      """
      import errno, sys, nbd

      uri = sys.argv[1]

      def connected(structured=True):
          h = nbd.NBD()
          h.set_request_structured_replies(structured)
          if structured:
              h.add_meta_context("base:allocation")
              h.add_meta_context("pcache:state")
          h.set_strict_mode(0)
          h.connect_uri(uri)
          return h

      def fails_with(number, call):
          try:
              call()
          except nbd.Error as e:
              assert e.errnum == number, (e.errnum, number, e.string)
          else:
              raise AssertionError("no failure, expected %d" % number)

      h = connected()
      assert h.get_structured_replies_negotiated()
      assert h.can_meta_context("base:allocation") and h.can_meta_context("pcache:state")
      if hasattr(h, "get_extended_headers_negotiated"):
          assert h.get_extended_headers_negotiated()
      assert h.can_multi_conn() and h.can_df() and h.can_cache()
      assert not h.can_trim() and not h.can_fast_zero() and not h.is_read_only()

      seen = {}
      def extents(context, offset, entries, error):
          seen[context] = entries
      h.block_status(65536, 0, extents)
      assert seen["base:allocation"] == [65536, 0], seen
      assert seen["pcache:state"] == [4096, 0, 4096, 1, 512, 2, 56832, 0], seen
      seen.clear()
      h.block_status(65536, 4096, extents, nbd.CMD_FLAG_REQ_ONE)
      assert seen["pcache:state"] == [4096, 1], seen

      h.pwrite(b"a" * 4096, 0, nbd.CMD_FLAG_FUA)
      h.zero(1024, 512, nbd.CMD_FLAG_NO_HOLE | nbd.CMD_FLAG_FUA)
      h.cache(1048576, 0)
      h.flush()
      other = connected()
      expected = b"a" * 512 + bytes(1024) + b"a" * 2560
      assert other.pread(4096, 0) == expected
      chunks = []
      other.pread_structured(4096, 0, lambda data, offset, status, e: chunks.append((bytes(data), offset)),
                             nbd.CMD_FLAG_DF)
      assert chunks == [(expected, 0)]

      fails_with(errno.EINVAL, lambda: h.trim(512, 0))
      fails_with(errno.EINVAL, lambda: h.pread(512, h.get_size()))
      fails_with(errno.ENOSPC, lambda: h.pwrite(bytes(512), h.get_size()))
      fails_with(errno.EINVAL, lambda: h.pread(100, 0))
      assert h.pread(512, 0) == b"a" * 512

      plain = connected(structured=False)
      assert not plain.get_structured_replies_negotiated() and not plain.can_df()
      assert plain.pread(4096, 0) == expected
      fails_with(errno.EINVAL, lambda: plain.pread(512, plain.get_size()))
      assert plain.pread(512, 0) == b"a" * 512

      cookies = [h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray([i % 251]) * 512), 65536 + 512 * i)
                 for i in range(500)]
      for cookie in cookies:
          while not h.aio_command_completed(cookie):
              h.poll(-1)
      data = h.pread(500 * 512, 65536)
      assert all(data[512 * i] == i % 251 for i in range(500))
      for handle in (h, other, plain):
          handle.shutdown()
      print("all well")
      """;
}
