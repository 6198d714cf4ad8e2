package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/daemon-heap}, by which the launcher bounds the daemon's Java heap. */
@Timeout(600)
class DaemonHeapTest {
  private static final Path SCRIPT =
      Path.of("..", "bin", "daemon-heap").toAbsolutePath().normalize();

  @TempDir Path folder;
  private Path cache;
  private Path memory;

  @BeforeEach
  void makeMachine() throws IOException {
    cache = folder.resolve("a cache.img");
    memory =
        Files.writeString(folder.resolve("meminfo"), "MemTotal:  67108864 kB\nMemFree: 1 kB\n");
  }

  @ParameterizedTest
  @CsvSource({"512, 262", "8192, 358", "102400, 1536", "1048576, 13363"})
  void theHeapFollowsFromTheCachesSize(long cacheMebibytes, int heapMebibytes) throws Exception {
    makeCache(cacheMebibytes);
    assertThat(heap("serve", "--cache", cache.toString(), "--backing", "b"))
        .isEqualTo("-Xmx" + heapMebibytes + "m");
    assertThat(heap("serve", "--backing", "b", "--cache=" + cache))
        .isEqualTo("-Xmx" + heapMebibytes + "m");
  }

  @Test
  void withoutACacheItIsTheDemos() throws Exception {
    assertThat(heap("serve")).isEqualTo("-Xmx262m");
    assertThat(heap("serve", "--cache", "/no/such/file")).isEqualTo("-Xmx262m");
  }

  @Test
  void itIsAtMostHalfOfTheMemory() throws Exception {
    makeCache(1 << 20);
    Files.writeString(memory, "MemTotal: 8388608 kB\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx4096m");
    Files.writeString(folder.resolve("memory.max"), "1073741824\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx512m");
    Files.writeString(folder.resolve("memory.max"), "max\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx4096m");
  }

  @Test
  void theSmallestLimitOfTheOwnControlGroupAndThoseAboveItCounts() throws Exception {
    makeCache(1 << 20);
    Path service = Files.createDirectories(folder.resolve("system.slice/pcache.service"));
    Files.writeString(folder.resolve("self"), "0::/system.slice/pcache.service\n");
    Files.writeString(service.resolve("memory.max"), "2147483648\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx1024m");
    Files.writeString(folder.resolve("system.slice/memory.max"), "1073741824\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx512m");
    Files.writeString(service.resolve("memory.max"), "max\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx512m");
  }

  @Test
  void theLimitsOfVersionOneOfControlGroupsCount() throws Exception {
    makeCache(1 << 20);
    Path job = Files.createDirectories(folder.resolve("memory/batch/job 1"));
    Files.writeString(folder.resolve("self"), "9:cpu:/other\n4:memory:/batch/job 1\n0::/\n");
    Files.writeString(job.resolve("memory.limit_in_bytes"), "9223372036854771712\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx13363m");
    Files.writeString(folder.resolve("memory/batch/memory.limit_in_bytes"), "2147483648\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx1024m");
    Files.writeString(job.resolve("memory.limit_in_bytes"), "1073741824\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx512m");
  }

  @Test
  void aGroupOutsideOfTheNamespaceIsNotLookedFor() throws Exception {
    makeCache(1 << 20);
    Files.writeString(folder.resolve("self"), "0::/../other\n");
    assertThat(heap("serve", "--cache", cache.toString())).isEqualTo("-Xmx13363m");
  }

  /** The device number of {@code /dev/null}, 1:3, stands for a block device's. */
  @Test
  void aBlockDevicesSizeIsToldWithoutBlockdev() throws Exception {
    Path device = Files.createDirectories(folder.resolve("dev/1:3"));
    Files.writeString(device.resolve("size"), "209715200\n");
    assertThat(run("block_device_bytes \"$@\"", "/dev/null")).isEqualTo("107374182400");
  }

  @Test
  void nothingIsSaidOfASizeThatCannotBeTold() throws Exception {
    assertThat(run("block_device_bytes \"$@\"", "/dev/null")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "2G, 2048",
    "512MiB, 512",
    "1073741824, 1024",
    "3g, 3072",
    "32768k, 32",
    "65536M, 65536"
  })
  void theOptionIsTheHeap(String option, int mebibytes) throws Exception {
    assertThat(heap("serve", "--heap", option)).isEqualTo("-Xmx" + mebibytes + "m");
    assertThat(heap("serve", "--heap=" + option)).isEqualTo("-Xmx" + mebibytes + "m");
  }

  /** Each of them is a size to the command, so it has to be one here. */
  @ParameterizedTest
  @CsvSource({
    "'32 M', 32",
    "' 2  GiB ', 2048",
    "'1073741824 b', 1024",
    "00000000000000000512M, 512",
    "'\t33\tmib', 33"
  })
  void theOptionIsReadAsTheCommandReadsIt(String option, int mebibytes) throws Exception {
    assertThat(ByteSize.parse(option) >> 20).isEqualTo(mebibytes);
    theOptionIsTheHeap(option, mebibytes);
  }

  /** Java would not start, and not say why. */
  @ParameterizedTest
  @ValueSource(
      strings = {"65537M", "100T", "1P", "999999999999999T", "8191P", "9000000000000000000"})
  void moreThanTheMachineHasIsLeftToTheCommand(String option) throws Exception {
    assertThat(heap("serve", "--heap", option)).isEqualTo("-Xmx262m");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lots; echo -version",
        "",
        "-1",
        "31M",
        "1",
        "1.5G",
        "64MB",
        "6 4M",
        "99999999999999999999G"
      })
  void anOptionThatMakesNoSenseIsLeftToTheCommand(String option) throws Exception {
    assertThat(heap("serve", "--heap", option)).isEqualTo("-Xmx262m");
  }

  private void makeCache(long mebibytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.setLength(mebibytes << 20);
    }
  }

  private String heap(String... arguments) throws Exception {
    return run("daemon_heap \"$@\"", arguments);
  }

  private String run(String call, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("/bin/bash", "-euo", "pipefail", "-c", ". \"$0\"; " + call, SCRIPT.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder bash = new ProcessBuilder(command);
    bash.environment().put("PCACHE_MEMINFO", memory.toString());
    bash.environment().put("PCACHE_CGROUP", folder.toString());
    bash.environment().put("PCACHE_OWN_CGROUP", folder.resolve("self").toString());
    bash.environment().put("PCACHE_DEV_BLOCK", folder.resolve("dev").toString());
    Process process = bash.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.strip();
  }
}
