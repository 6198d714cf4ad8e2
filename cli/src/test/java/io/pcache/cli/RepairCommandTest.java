package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.error.ErrorKind;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class RepairCommandTest {
  /** The second of the key sets that follow each other from the beginning of the log. */
  private static final long SECOND_KEY_SET = (20 << 10) + (12 << 10) + 64;

  private @TempDir Path folder;
  private Path cache;
  private OpenOptions options;
  private StringWriter out = new StringWriter();
  private StringWriter err = new StringWriter();

  @BeforeEach
  void writeThreeKeySets() throws IOException {
    cache = folder.resolve("cache");
    Path backing = folder.resolve("backing");
    SparseFiles.create(backing, 64 << 20);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20));
    options = OpenOptions.of(cache, backing);
    try (Pcache open = Pcache.open(options)) {
      for (int i = 0; i < 3; i++) {
        open.write(i * 4096L, MemorySegment.ofArray(new byte[4096]));
        open.flush();
      }
    }
  }

  private int run(String... arguments) {
    out = new StringWriter();
    err = new StringWriter();
    CommandLine command = PcacheCommand.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  @Test
  void anIntactCacheIsLeftAlone() {
    assertThat(run("repair", cache.toString())).isZero();
    assertThat(out.toString()).contains("the log is intact from 0:0 to 0:192").hasLineCount(1);
  }

  @Test
  void aDamagedLogIsCutOnlyWhenTold() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.seek(SECOND_KEY_SET + 40);
      file.writeInt(0x01020304);
    }
    for (int i = 0; i < 2; i++) {
      assertThat(run("repair", cache.toString())).isEqualTo(ErrorKind.CORRUPT_MEDIA.exitCode());
      assertThat(out.toString()).contains("nothing was changed; --in-place repairs it");
    }
    assertThat(run("repair", cache.toString(), "--force")).isZero();
    assertThat(out.toString()).contains("repaired " + cache);
    assertThat(run("repair", cache.toString())).isZero();
    Pcache.open(options).close();
  }

  @Test
  void lostRecordsAreRebuiltOnlyWhenToldAndEachIsNamed() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.seek(4096);
      file.write(new byte[12 << 10]);
    }
    for (int i = 0; i < 2; i++) {
      assertThat(run("repair", cache.toString())).isEqualTo(ErrorKind.CORRUPT_MEDIA.exitCode());
      assertThat(out.toString())
          .contains("data_crc: off, as 0 keys match the checksum of their data, 3 do not")
          .contains("cache_info: lost; 31 segments taken from the device's size")
          .contains("superblock: lost; 31 segments taken from the records of the segments")
          .contains("nothing was changed; --in-place repairs it")
          .hasLineCount(5);
    }
    assertThat(run("format", cache.toString())).isEqualTo(ErrorKind.UNSUPPORTED_FORMAT.exitCode());
    assertThat(err.toString()).contains("what is left of a pcache cache").hasLineCount(1);
    assertThat(run("repair", cache.toString(), "--in-place")).isZero();
    assertThat(run("repair", cache.toString())).isZero();
    Pcache.open(options).close();
  }

  @Test
  void aCacheThatIsServedIsNotTouched() {
    try (Pcache _ = Pcache.open(options)) {
      assertThat(run("repair", cache.toString(), "--force"))
          .isEqualTo(ErrorKind.DEVICE_IN_USE.exitCode());
      assertThat(err.toString()).contains("in use by another pcache").hasLineCount(1);
    }
  }

  @Test
  void whatIsNoCacheIsSaidToBeNone() throws IOException {
    Path file = folder.resolve("file");
    SparseFiles.create(file, 1 << 20);
    assertThat(run("repair", file.toString())).isEqualTo(ErrorKind.UNSUPPORTED_FORMAT.exitCode());
    assertThat(err.toString()).contains("no cache found").hasLineCount(1);
  }
}
