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
import org.jspecify.annotations.Nullable;

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
          : Optional.of(describe(path.toString(), copy(file, sizeBytes), isInUse));
    } catch (IOException | PcacheException e) {
      return Files.notExists(path, LinkOption.NOFOLLOW_LINKS)
          ? Optional.empty()
          : Optional.of(describe(String.valueOf(e.getMessage()), null, false));
    }
  }

  private StrayMemory describe(String location, @Nullable SharedMemory contents, boolean isInUse) {
    boolean isOfThisDevice = path.endsWith(own.getFileName());
    return new StrayMemory(location, own.toString(), isOfThisDevice, contents, isInUse);
  }

  private ProcessMemory copy(NativeFile file, long sizeBytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(sizeBytes, Long.BYTES);
      file.read(bytes, 0, sizeBytes, 0);
      return ProcessMemory.copyOf(bytes, bootId, "a copy of " + path);
    }
  }
}
