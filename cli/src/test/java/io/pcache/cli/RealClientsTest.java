package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.Seed;
import io.pcache.testkit.Seeds;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon, in a process of its own, and the clients that people use. */
@Tag("engine")
@RequiresFile(ServedDisk.COMMAND)
@ExtendWith(Seeds.class)
class RealClientsTest {
  private static final long BACKING_BYTES = 1L << 30;

  private @TempDir Path folder;
  private ServedDisk disk;

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk.pcache("format", folder.resolve("cache").toString(), "--size", "512M", "--data-crc")
        .succeeded();
    disk = start();
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        folder.resolve("cache").toString(),
        "--backing",
        folder.resolve("backing").toString(),
        "--listen",
        ServedDisk.unixSocket(folder));
  }

  @AfterEach
  void stop() {
    disk.close();
  }

  private Path randomFile(Seed seed, int sizeBytes) throws IOException {
    byte[] bytes = new byte[sizeBytes];
    seed.random().nextBytes(bytes);
    return Files.write(folder.resolve("random"), bytes);
  }

  private void restart() throws IOException, InterruptedException {
    assertThat(disk.stop()).as(disk.log()).isZero();
    disk = start();
  }

  @Test
  @RequiresTool("nbdinfo")
  void nbdinfoSeesSizeAndAbilities() throws IOException, InterruptedException {
    assertThat(Command.run("nbdinfo", "--size", disk.uri()).succeeded())
        .isEqualTo(String.valueOf(BACKING_BYTES));
    for (String ability :
        new String[] {"flush", "fua", "multi-conn", "zero", "cache", "structured-reply"}) {
      Command.run("nbdinfo", "--can", ability, disk.uri()).succeeded();
    }
    assertThat(Command.run("nbdinfo", "--is", "read-only", disk.uri()).exitCode()).isEqualTo(2);
  }

  @Test
  @RequiresTool("nbdcopy")
  void whatNbdcopyPutsInItGetsOutAgainAlsoAfterARestart(Seed seed)
      throws IOException, InterruptedException {
    Path in = randomFile(seed, 96 << 20);
    Command.run("nbdcopy", "--flush", in.toString(), disk.uri()).succeeded();
    assertThat(copiedOut("out")).hasSize(BACKING_BYTES);
    assertThat(Files.mismatch(in, folder.resolve("out"))).isEqualTo(Files.size(in));

    restart();

    assertThat(Files.mismatch(folder.resolve("out"), copiedOut("again"))).isEqualTo(-1);
  }

  private Path copiedOut(String name) throws IOException, InterruptedException {
    Path out = folder.resolve(name);
    Command.run("nbdcopy", disk.uri(), out.toString()).succeeded();
    return out;
  }

  @Test
  @RequiresFile(LibnbdClient.PYTHON)
  @RequiresTool("nbdsh")
  void libnbdNegotiatesStructuredRepliesAndBlockStatus() throws IOException, InterruptedException {
    python(
        """
        h = nbd.NBD()
        h.add_meta_context("base:allocation")
        h.connect_uri(uri)
        assert h.get_structured_replies_negotiated()
        assert h.can_meta_context("base:allocation")
        h.pwrite(b"\\x5a" * 65536, 1 << 20)
        seen = []
        def extents(context, offset, entries, err):
            assert context == "base:allocation" and err.value == 0
            seen.append((offset, entries))
        h.block_status(4 << 20, 0, extents)
        lengths = [e for _, entries in seen for e in entries[0::2]]
        assert lengths and all(n > 0 and n % 512 == 0 for n in lengths), lengths
        assert h.pread(65536, 1 << 20) == b"\\x5a" * 65536
        """);
  }

  @Test
  @RequiresFile(LibnbdClient.PYTHON)
  @RequiresTool("nbdsh")
  void everyConnectionSeesWhatAnyOtherWrote() throws IOException, InterruptedException {
    python(
        """
        handles = [nbd.NBD() for _ in range(4)]
        for h in handles:
            h.connect_uri(uri)
            assert h.can_multi_conn()
        for i in range(400):
            writer, reader = handles[i % 4], handles[(i + 1) % 4]
            data = bytes([i % 251 + 1]) * 4096
            writer.pwrite(data, i % 7 * 4096)
            assert reader.pread(4096, i % 7 * 4096) == data
        handles[0].flush()
        """);
  }

  @Test
  @RequiresFile(LibnbdClient.PYTHON)
  @RequiresTool("nbdsh")
  void whatFuaAndFlushAcknowledgedSurvivesAKill() throws IOException, InterruptedException {
    python(
        """
        h = nbd.NBD()
        h.connect_uri(uri)
        h.pwrite(b"\\x01" * 4096, 0, nbd.CMD_FLAG_FUA)
        h.pwrite(b"\\x02" * 4096, 4096)
        h.pwrite(b"\\x03" * 4096, 8192)
        h.zero(4096, 8192, nbd.CMD_FLAG_FUA)
        h.flush()
        """);
    disk.kill();
    disk = start();
    python(
        """
        h = nbd.NBD()
        h.connect_uri(uri)
        assert h.pread(12288, 0) == b"\\x01" * 4096 + b"\\x02" * 4096 + bytes(4096)
        """);
  }

  @Test
  @RequiresFile(LibnbdClient.PYTHON)
  @RequiresTool("nbdsh")
  void aRequestPastTheEndIsRefusedAndTheConnectionGoesOn()
      throws IOException, InterruptedException {
    python(
        """
        h = nbd.NBD()
        h.set_strict_mode(0)
        h.connect_uri(uri)
        for bad in (lambda: h.pread(512, h.get_size()), lambda: h.pwrite(bytes(1024), h.get_size() - 512)):
            try:
                bad()
            except nbd.Error as e:
                assert e.errnum in (errno.EINVAL, errno.ENOSPC), e
            else:
                raise AssertionError("a request past the end succeeded")
        assert h.pread(512, 0) == bytes(512)
        """);
  }

  private void python(String script) throws IOException, InterruptedException {
    LibnbdClient.run(disk.uri(), script);
  }

  @Test
  @RequiresTool("qemu-img")
  void qemuImgConvertsToItAndFindsItEqual(Seed seed) throws IOException, InterruptedException {
    Path in = folder.resolve("in.raw");
    SparseFiles.create(in, BACKING_BYTES);
    Random random = seed.random();
    try (FileChannel channel = FileChannel.open(in, StandardOpenOption.WRITE)) {
      byte[] block = new byte[1 << 16];
      for (int i = 0; i < 500; i++) {
        random.nextBytes(block);
        channel.write(ByteBuffer.wrap(block), random.nextLong(BACKING_BYTES / 512 - 128) * 512);
      }
    }
    Command.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", in.toString(), disk.uri())
        .succeeded();
    Command.run("qemu-img", "compare", "-f", "raw", "-F", "raw", in.toString(), disk.uri())
        .succeeded();

    restart();

    Command.run("qemu-img", "compare", "-f", "raw", "-F", "raw", in.toString(), disk.uri())
        .succeeded();
  }

  @Test
  @RequiresTool("qemu-io")
  void qemuIoFindsItsPatterns() throws IOException, InterruptedException {
    String output =
        Command.run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 0xaa 512 1M",
                "-c",
                "write -f -P 0xbb 64k 4k",
                "-c",
                "write -z 128k 64k",
                "-c",
                "flush",
                "-c",
                "read -P 0xaa 512 65024",
                "-c",
                "read -P 0xbb 64k 4k",
                "-c",
                "read -P 0xaa 68k 60k",
                "-c",
                "read -P 0 128k 64k",
                "-c",
                "read -P 0xaa 192k 64k",
                disk.uri())
            .succeeded();
    assertThat(output).doesNotContain("failed");
  }

  @Test
  @RequiresTool("fio")
  void fioVerifiesItsChecksums() throws IOException, InterruptedException {
    Command.run(
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=" + disk.uri(),
            "--rw=randwrite",
            "--bsrange=512-128k",
            "--blockalign=512",
            "--size=256M",
            "--io_size=128M",
            "--iodepth=16",
            "--verify=crc32c",
            "--fsync=64",
            "--aux-path=" + folder)
        .succeeded();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs"})
  @RequiresTool({
    "nbdfuse",
    "losetup",
    "mkfs.ext4",
    "mkfs.xfs",
    "e2fsck",
    "xfs_repair",
    "mount",
    "umount"
  })
  @RequiresFile({"/dev/fuse", "/dev/loop-control"})
  void aFileSystemSurvivesAKillWithEveryFsyncedFile(String type, Seed seed)
      throws IOException, InterruptedException {
    try (LoopMountedDisk mounted = LoopMountedDisk.attach(disk.uri(), folder)) {
      Command.run("mkfs." + type, mounted.blockDevice()).succeeded();
      writeFsyncedFiles(mounted.mount(), seed.random());
      disk.kill();
    }
    disk = start();
    try (LoopMountedDisk mounted = LoopMountedDisk.attach(disk.uri(), folder)) {
      checkFsyncedFiles(mounted.mount(), seed.random()); // mounting replays the journal
      mounted.unmount();
      checkFileSystem(type, mounted.blockDevice());
    }
  }

  private static byte[] nextFile(Random random) {
    byte[] content = new byte[1 + random.nextInt(1 << 19)];
    random.nextBytes(content);
    return content;
  }

  private static void writeFsyncedFiles(Path root, Random random) throws IOException {
    for (int i = 0; i < 100; i++) {
      Path file = Files.createDirectories(root.resolve("dir" + i % 10)).resolve("file" + i);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer content = ByteBuffer.wrap(nextFile(random));
        while (content.hasRemaining()) {
          channel.write(content);
        }
        channel.force(true);
      }
      Files.write(root.resolve("never-synced" + i), new byte[8192]);
    }
    // syncs the folders' entries too, by the journal both file systems have
    try (FileChannel last =
        FileChannel.open(root.resolve("dir9/file99"), StandardOpenOption.WRITE)) {
      last.force(true);
    }
  }

  private static void checkFsyncedFiles(Path root, Random random) throws IOException {
    for (int i = 0; i < 100; i++) {
      assertThat(root.resolve("dir" + i % 10 + "/file" + i)).hasBinaryContent(nextFile(random));
    }
    try (Stream<Path> all = Files.walk(root)) {
      assertThat(all.filter(Files::isRegularFile)).hasSizeGreaterThanOrEqualTo(100);
    }
  }

  private static void checkFileSystem(String type, String device)
      throws IOException, InterruptedException {
    if (type.equals("ext4")) {
      Command.run("e2fsck", "-f", "-n", device).succeeded();
    } else {
      Command.run("xfs_repair", "-n", device).succeeded();
    }
  }
}
