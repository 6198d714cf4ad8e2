package io.pcache.cli;

import io.pcache.FormatOptions;
import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;

/**
 * A small cache and disk to try things on, in a folder of their own.
 *
 * @param folder holds both; created if absent
 */
record DemoDisk(Path folder) {
  static final long CACHE_BYTES = 512L << 20;
  static final long DISK_BYTES = 1L << 30;

  /** The one that belongs to the folder in which the command is run. */
  static DemoDisk inWorkingFolder() {
    return new DemoDisk(Path.of("pcache-data"));
  }

  Path cache() {
    return folder.resolve("cache.img");
  }

  Path disk() {
    return folder.resolve("disk.img");
  }

  /**
   * Makes both where neither is there. What is there is left as it is.
   *
   * @param formatter formats a cache
   * @return whether they were made
   * @throws BadOptionException where one of them is missing: a new cache for an old disk would
   *     forget what only the old cache held, and an old cache in front of a new disk would show a
   *     mixture
   */
  boolean makeIfAbsent(Consumer<FormatOptions> formatter) throws IOException {
    boolean hasCache = Files.exists(cache());
    boolean hasDisk = Files.exists(disk());
    if (hasCache && hasDisk) {
      return false;
    }
    if (hasCache || hasDisk) {
      throw new BadOptionException(
          "%s is there, but %s is not; the two belong together. Put it back, or move %s away and start again"
              .formatted(
                  hasCache ? cache() : disk(),
                  hasCache ? disk() : cache(),
                  hasCache ? cache() : disk()));
    }
    make(formatter);
    return true;
  }

  /**
   * Gives both their names only when they are whole, so that being killed here leaves nothing that
   * looks like a demo.
   */
  private void make(Consumer<FormatOptions> formatter) throws IOException {
    Files.createDirectories(folder);
    Path newCache = folder.resolve("cache.img.new");
    Path newDisk = folder.resolve("disk.img.new");
    Files.deleteIfExists(newCache);
    Files.deleteIfExists(newDisk);
    // For the owner alone, as the cache is: it holds the same data.
    Files.createFile(
        newDisk,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (RandomAccessFile file = new RandomAccessFile(newDisk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    formatter.accept(FormatOptions.of(newCache).withSizeBytes(CACHE_BYTES).withLabel("demo"));
    Files.move(newDisk, disk(), StandardCopyOption.ATOMIC_MOVE);
    Files.move(newCache, cache(), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * What to do with it, as commands that can be pasted.
   *
   * @param uri where it is served
   * @param command how this command was called
   */
  static String thingsToTry(String uri, String command) {
    return """

    Three things to try, in another terminal:

      # What clients see
      nbdinfo '%1$s'

      # Write 64 MiB, read them back, and see them in the cache
      qemu-io -f raw -c 'write -P 7 0 64M' -c flush -c 'read -P 7 0 64M' '%1$s'
      %2$s status

      # A file system on it, as root
      mkdir -p nbd mnt && nbdfuse nbd/disk '%1$s' &
      sleep 1 && mkfs.ext4 nbd/disk && mount -o loop nbd/disk mnt
      umount mnt && fusermount3 -u nbd         # when done

    Ctrl-C stops it. Every acknowledged write is there again next time, also after kill -9.
    """
        .formatted(Printable.line(uri), Printable.line(command));
  }
}
