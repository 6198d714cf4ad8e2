package io.pcache.media;

import io.pcache.error.PcacheException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * A file with the memory of another device.
 *
 * @param own where the memory for the present device would be
 * @param bootId the boot id of the machine
 */
record StrayFile(Path path, Path own, UUID bootId) {
  /** Reads the file. The result is empty if the file is too short, or gone. */
  Optional<StrayMemory> read(long sizeBytes) {
    try (NativeFile file = NativeFile.openExisting(path)) {
      boolean isInUse = file.isLockedExclusively();
      if (!isInUse) {
        file.refuseUnlessOwn();
      }
      return file.sizeBytes() < sizeBytes
          ? Optional.empty()
          : Optional.of(
              new StrayMemory(path.toString(), own.toString(), copy(file, sizeBytes), isInUse));
    } catch (IOException | PcacheException e) {
      return Files.notExists(path, LinkOption.NOFOLLOW_LINKS)
          ? Optional.empty()
          : Optional.of(
              new StrayMemory(String.valueOf(e.getMessage()), own.toString(), null, false));
    }
  }

  private ProcessMemory copy(NativeFile file, long sizeBytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(sizeBytes, Long.BYTES);
      file.read(bytes, 0, sizeBytes, 0);
      return ProcessMemory.copyOf(bytes, bootId, "a copy of " + path);
    }
  }
}
