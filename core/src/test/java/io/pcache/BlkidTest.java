package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlkidTest {
  private static final long GENEROUS_SECONDS = 60;

  private @TempDir Path folder;

  private Path program(String script) throws IOException {
    Path program = folder.resolve("blkid");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program;
  }

  private Path device() {
    return folder.resolve("device");
  }

  @Test
  void aTypeIsToldAsItIsCalledThere() throws IOException {
    Path program = program("echo DEVNAME=$4; echo 'TYPE=zfs_member'; echo USAGE=filesystem");
    assertThat(Blkid.ask(program, device(), GENEROUS_SECONDS))
        .hasValue("what blkid calls zfs_member");
  }

  @Test
  void ofTheHeadItIsAskedWithASizeOfItsOwn() throws IOException {
    Path program = program("test \"$4 $5\" = '-S 32768' && echo TYPE=minix");
    assertThat(Blkid.askOfHead(program, device(), 32 << 10, GENEROUS_SECONDS))
        .hasValue("what blkid calls minix");
  }

  @Test
  void aPartitionTableIsTold() throws IOException {
    assertThat(Blkid.ask(program("echo PTTYPE=gpt"), device(), GENEROUS_SECONDS))
        .hasValue("a partition table of type gpt");
  }

  @Test
  void aPartitionsEntryInItsTableSaysNothingOfItsContents() throws IOException {
    Path program = program("echo PART_ENTRY_SCHEME=gpt; echo PART_ENTRY_TYPE=linux");
    assertThat(Blkid.ask(program, device(), GENEROUS_SECONDS)).isEmpty();
  }

  @Test
  void severalSignaturesAreSomething() throws IOException {
    assertThat(Blkid.ask(program("exit 8"), device(), GENEROUS_SECONDS))
        .hasValue("the signatures of several file systems or volume managers");
  }

  @Test
  void nothingFoundIsNothing() throws IOException {
    assertThat(Blkid.ask(program("echo TYPE=ext4; exit 2"), device(), GENEROUS_SECONDS)).isEmpty();
  }

  @Test
  void controlCharactersDoNotPass() throws IOException {
    assertThat(Blkid.ask(program("printf 'TYPE=a\\033b'"), device(), GENEROUS_SECONDS))
        .hasValue("what blkid calls a?b");
  }

  @Test
  void aProgramThatHangsOrIsNotThereIsDoneWithout() throws IOException {
    assertThat(Blkid.ask(program("exec sleep 1000"), device(), 1)).isEmpty();
    assertThat(Blkid.ask(folder.resolve("absent"), device(), GENEROUS_SECONDS)).isEmpty();
  }
}
