package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.Seed;
import io.pcache.testkit.Seeds;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * PostgreSQL on ext4 on a served disk, running pgbench, with the daemon killed under it: every
 * transaction that pgbench saw committed is there after PostgreSQL has recovered, the balances
 * agree, and pg_amcheck finds nothing.
 */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, "/dev/fuse", "/dev/loop-control"})
@RequiresTool({
  "postgres",
  "initdb",
  "pg_ctl",
  "pgbench",
  "pg_amcheck",
  "psql",
  "runuser",
  "chown",
  "nbdfuse",
  "losetup",
  "mkfs.ext4",
  "e2fsck",
  "mount",
  "umount"
})
@ExtendWith(Seeds.class)
class PostgresTest {
  /** How often to kill. */
  private static final int KILLS = Integer.getInteger("pcache.postgres.kills", 2);

  private static final int CLIENTS = 4;
  private static final int MIN_TRANSACTIONS = 300;
  private static final int MORE_TRANSACTIONS = 1500;

  @TempDir(cleanup = org.junit.jupiter.api.io.CleanupMode.ON_SUCCESS)
  private Path folder;

  @BeforeEach
  void makeDisk() throws IOException, InterruptedException {
    // PostgreSQL's own user has to get through to its data.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    SparseFiles.create(folder.resolve("backing"), 2L << 30);
    ServedDisk.pcache("format", folder.resolve("cache").toString(), "--size", "512M", "--data-crc")
        .succeeded();
  }

  private ServedDisk serve() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        folder.resolve("cache").toString(),
        "--backing",
        folder.resolve("backing").toString(),
        "--listen",
        ServedDisk.unixSocket(folder),
        "--gc-percent",
        "20");
  }

  @Test
  void everyCommittedTransactionSurvivesKillsOfTheDaemon(Seed seed)
      throws IOException, InterruptedException {
    Random random = seed.random();
    long acknowledged = makeDatabase(random);
    for (int kill = 1; kill < KILLS; kill++) {
      acknowledged = recover(random, acknowledged);
    }
    try (ServedDisk served = serve();
        LoopMountedDisk disk = LoopMountedDisk.attach(served.uri(), folder)) {
      PostgresServer server = server(disk.mount());
      server.start();
      check(server, acknowledged);
      server.stop();
      disk.unmount();
      Command.run("e2fsck", "-f", "-n", disk.blockDevice()).succeeded();
    }
    System.out.printf("%d kills, %,d committed transactions%n", KILLS, acknowledged);
  }

  private PostgresServer server(Path mounted) {
    return new PostgresServer(mounted.resolve("data"), folder.resolve("postgres"));
  }

  /** Makes the database and kills the daemon for the first time. */
  private long makeDatabase(Random random) throws IOException, InterruptedException {
    try (ServedDisk served = serve();
        LoopMountedDisk disk = LoopMountedDisk.attach(served.uri(), folder)) {
      Command.run("mkfs.ext4", "-q", disk.blockDevice()).succeeded();
      Path mounted = disk.mount();
      PostgresServer server =
          PostgresServer.init(mounted.resolve("data"), folder.resolve("postgres"));
      server.run("pgbench", "--initialize", "--scale=4", "--quiet").succeeded();
      server.run("psql", "-X", "-c", "create extension amcheck").succeeded();
      return workUntilKilled(served, server, random, 0);
    }
  }

  private long recover(Random random, long acknowledged) throws IOException, InterruptedException {
    try (ServedDisk served = serve();
        LoopMountedDisk disk = LoopMountedDisk.attach(served.uri(), folder)) {
      PostgresServer server = server(disk.mount());
      server.start();
      check(server, acknowledged);
      return workUntilKilled(served, server, random, acknowledged);
    }
  }

  /** Returns how many transactions have been seen committed, over all runs. */
  private long workUntilKilled(
      ServedDisk served, PostgresServer server, Random random, long acknowledged)
      throws IOException, InterruptedException {
    long before = server.query("select count(*) from pgbench_history");
    long target = before + MIN_TRANSACTIONS + random.nextInt(MORE_TRANSACTIONS);
    Path output = folder.resolve("pgbench.out");
    deleteTransactionLogs();
    Process pgbench =
        server.start(
            output,
            "pgbench",
            "--client=" + CLIENTS,
            "--time=600",
            "--log",
            "--no-vacuum",
            "--random-seed=" + random.nextInt(1 << 20));
    try {
      await()
          .atMost(240, TimeUnit.SECONDS)
          .pollInterval(100, TimeUnit.MILLISECONDS)
          .until(() -> server.query("select count(*) from pgbench_history") >= target);
      served.kill();
      server.kill();
      assertThat(pgbench.waitFor(60, TimeUnit.SECONDS)).as("pgbench ends").isTrue();
    } finally {
      pgbench.destroyForcibly();
      server.kill();
    }
    long committed = transactionsLogged();
    assertThat(committed).as(Files.readString(output)).isGreaterThan(MIN_TRANSACTIONS / 2);
    return acknowledged + committed;
  }

  private List<Path> transactionLogs() throws IOException {
    List<Path> logs = new ArrayList<>();
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(folder.resolve("postgres"), "pgbench_log.*")) {
      found.forEach(logs::add);
    }
    return logs;
  }

  private void deleteTransactionLogs() throws IOException {
    for (Path log : transactionLogs()) {
      Files.delete(log);
    }
  }

  /** pgbench logs a transaction once its COMMIT has been answered. */
  private long transactionsLogged() throws IOException {
    long count = 0;
    for (Path log : transactionLogs()) {
      count +=
          Files.readAllLines(log).stream().filter(line -> line.split(" ", -1).length >= 6).count();
    }
    return count;
  }

  private static void check(PostgresServer server, long acknowledged)
      throws IOException, InterruptedException {
    assertThat(server.query("select count(*) from pgbench_history"))
        .as("committed transactions")
        .isGreaterThanOrEqualTo(acknowledged);
    long balance = server.query("select sum(delta) from pgbench_history");
    assertThat(server.query("select sum(abalance) from pgbench_accounts")).isEqualTo(balance);
    assertThat(server.query("select sum(tbalance) from pgbench_tellers")).isEqualTo(balance);
    assertThat(server.query("select sum(bbalance) from pgbench_branches")).isEqualTo(balance);
    server.run("pg_amcheck", "--heapallindexed", "postgres").succeeded();
  }
}
