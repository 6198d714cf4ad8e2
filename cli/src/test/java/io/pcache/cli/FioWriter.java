package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.testkit.SectorContent;
import io.pcache.testkit.SectorLedger;
import io.pcache.testkit.Tool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * fio, writing at random to a region until its server is gone, one request after the other with an
 * fsync now and then.
 *
 * <p>fio keeps a log of its requests. It has one in flight; after a failed write it ends, after a
 * failed fsync it tries one request more. So all but the last two were acknowledged. In every
 * sector it writes a header of its own, which names the sector and the request, and a pattern,
 * which names the run. So each sector tells which write it came from.
 *
 * <p>Thread-safety: none.
 */
final class FioWriter {
  private static final int MAGIC = 0xACCA;
  private static final int OFFSET_AT = 16;
  private static final int REQUEST_AT = 34;
  private static final int HEADER_BYTES = 40;
  private static final int MAX_REQUESTS = 1 << 16; // the header counts them in 16 bits
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT_PATTERN =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DiskRegion region;
  private final Path folder;

  /** For each run: the version before its first. */
  private final List<Integer> versionsBefore = new ArrayList<>();

  private int newest;

  /**
   * Prepares a writer.
   *
   * @param folder for its own files; exists
   */
  FioWriter(DiskRegion region, Path folder) {
    this.region = region;
    this.folder = folder;
  }

  /** Begins to write; ends by itself when the server goes. */
  Process start(String uri, int seed) throws IOException {
    versionsBefore.add(newest);
    Files.deleteIfExists(log()); // fio would append to it
    return new ProcessBuilder(
            Tool.require("fio").toString(),
            "--thread",
            "--name=writer",
            "--ioengine=nbd",
            "--uri=" + uri,
            "--rw=randwrite",
            "--bssplit=512/10:4k/60:16k/20:64k/10",
            "--blockalign=512",
            "--norandommap",
            "--offset=" + region.offsetBytes(),
            "--size=" + region.lengthBytes(),
            "--iodepth=1",
            "--fsync=24",
            "--io_size=1T",
            "--number_ios=" + MAX_REQUESTS,
            "--verify=meta",
            "--verify_interval=512",
            "--verify_pattern=0x%08x".formatted(versionsBefore.size()),
            "--do_verify=0",
            "--randrepeat=0",
            "--randseed=" + seed,
            "--write_iolog=" + log(),
            "--aux-path=" + folder)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("fio.out").toFile())
        .start();
  }

  private Path log() {
    return folder.resolve("fio.log");
  }

  /** Waits until it has ended, and enters what it has written. Returns how many writes. */
  int enter(Process fio) throws IOException, InterruptedException {
    assertThat(fio.waitFor(60, TimeUnit.SECONDS)).as("fio ends with its server").isTrue();
    SectorLedger ledger = region.ledger();
    int before = newest;
    Deque<Runnable> unsure = new ArrayDeque<>();
    for (String line : Files.readAllLines(log())) {
      String[] words = line.split(" ", -1);
      if (words.length == 5) {
        if (unsure.size() == 2) {
          unsure.remove().run();
        }
        unsure.add(submit(ledger, words[2], Long.parseLong(words[3]), Long.parseLong(words[4])));
      }
    }
    assertThat(newest - before).as(Files.readString(folder.resolve("fio.out"))).isPositive();
    return newest - before;
  }

  /** Enters a request; running what is returned enters that it was acknowledged. */
  private Runnable submit(SectorLedger ledger, String verb, long offsetBytes, long lengthBytes) {
    if (verb.equals("sync")) {
      // The request before it was acknowledged first; who knows that enters it first.
      return () -> ledger.flushed(ledger.floors());
    }
    assertThat(verb).isEqualTo("write");
    int first = Math.toIntExact(offsetBytes / BlockDevice.SECTOR_BYTES);
    int count = Math.toIntExact(lengthBytes / BlockDevice.SECTOR_BYTES);
    int version = ledger.nextVersion();
    newest = version;
    ledger.submitted(first, count, version);
    return () -> ledger.acknowledged(first, count, version);
  }

  /** Turns fio's sectors into {@link SectorContent}. */
  MemorySegment translate(MemorySegment bytes) {
    MemorySegment translated = Arena.ofAuto().allocate(bytes.byteSize(), Long.BYTES);
    for (long at = 0; at < bytes.byteSize(); at += BlockDevice.SECTOR_BYTES) {
      MemorySegment sector = bytes.asSlice(at, BlockDevice.SECTOR_BYTES);
      long number = region.ledger().firstSector() + at / BlockDevice.SECTOR_BYTES;
      int id = idOf(sector, number * BlockDevice.SECTOR_BYTES);
      MemorySegment target = translated.asSlice(at, BlockDevice.SECTOR_BYTES);
      if (id == SectorContent.FOREIGN) {
        target.fill((byte) 0xFF);
      } else {
        SectorContent.fill(target, number, id);
      }
    }
    return translated;
  }

  private int idOf(MemorySegment sector, long offsetBytes) {
    if (SectorContent.idAt(sector, 0, 0) == SectorContent.ZERO_ID) {
      return SectorContent.ZERO_ID;
    }
    int run = sector.get(INT_PATTERN, HEADER_BYTES);
    boolean ours =
        Short.toUnsignedInt(sector.get(SHORT, 0)) == MAGIC
            && sector.get(LONG, OFFSET_AT) == offsetBytes
            && run >= 1
            && run <= versionsBefore.size()
            && isFilledWith(sector, run);
    return ours
        ? versionsBefore.get(run - 1) + 1 + Short.toUnsignedInt(sector.get(SHORT, REQUEST_AT))
        : SectorContent.FOREIGN;
  }

  private static boolean isFilledWith(MemorySegment sector, int pattern) {
    for (int at = HEADER_BYTES; at < BlockDevice.SECTOR_BYTES; at += Integer.BYTES) {
      if (sector.get(INT_PATTERN, at) != pattern) {
        return false;
      }
    }
    return true;
  }
}
