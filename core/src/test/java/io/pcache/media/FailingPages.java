package io.pcache.media;

import io.pcache.error.MediaFailureException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;

/**
 * Works on a mapped file until the virtual machine has compiled what it does, then cuts the file
 * and meets the missing pages. Prints how often that failed as it should. Needs {@code
 * --add-exports} of the packages that make a mapping with sync out of an ordinary one.
 */
final class FailingPages {
  static final int ROUNDS = 500;
  static final int LEFT_BYTES = 4096;

  private static final int SCANS_TO_WARM_UP = 100;
  private static final int STEPS_TO_WARM_UP = 20_000;
  private static final long SIZE_BYTES = 4 << 20;
  private static final int RECORD_BYTES = 16;

  private FailingPages() {}

  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    Path path = Path.of(args[1]);
    setLength(path, SIZE_BYTES);
    NativeFile file = NativeFile.open(path, NativeFile.Access.READ_WRITE);
    try (Media media = args[0].equals("extend") ? onFile(file) : onDax(file)) {
      int failures =
          switch (args[0]) {
            case "scan" -> scans(media, path);
            case "extend" -> failures(path, at -> write(media, at));
            case "write" -> lineFailures(path, at -> write(media, at));
            case "zero" -> lineFailures(path, at -> media.zero(at, RECORD_BYTES));
            case "inherit" -> lineFailures(path, at -> media.inherit(at, RECORD_BYTES));
            default -> throw new IllegalArgumentException(args[0]);
          };
      System.out.println(failures + " failures");
    }
  }

  private static Media onFile(NativeFile file) throws IOException {
    Arena arena = Arena.ofShared();
    return new FileMedia(file, file.map(SIZE_BYTES, arena), arena, null);
  }

  private static Media onDax(NativeFile file) throws IOException, ReflectiveOperationException {
    Arena arena = Arena.ofShared();
    return new DaxMedia(file, withSync(file.map(SIZE_BYTES, arena), arena), arena);
  }

  /** Waits for the stub of the write-back first, without which that ends the process. */
  private static int lineFailures(Path path, Step step) throws IOException {
    CacheLineWriteback.obstacle()
        .ifPresent(obstacle -> {
          throw new IllegalStateException(obstacle);
        });
    return failures(path, step);
  }

  @FunctionalInterface
  private interface Step {
    void at(long offsetBytes);
  }

  private static void write(Media media, long offsetBytes) {
    media.write(offsetBytes, MemorySegment.ofArray(new byte[RECORD_BYTES]), 0, RECORD_BYTES);
  }

  private static int scans(Media media, Path path) throws IOException {
    for (int i = 0; i < SCANS_TO_WARM_UP; i++) {
      if (!media.isZero(0, SIZE_BYTES)) {
        throw new IllegalStateException("a new file is not zero");
      }
    }
    setLength(path, LEFT_BYTES);
    int failures = 0;
    for (int i = 0; i < ROUNDS; i++) {
      failures += media.isZero(0, SIZE_BYTES) ? 0 : 1;
    }
    return failures;
  }

  private static int failures(Path path, Step step) throws IOException {
    for (int i = 0; i < STEPS_TO_WARM_UP; i++) {
      step.at(SIZE_BYTES / 2);
    }
    setLength(path, LEFT_BYTES);
    int failures = 0;
    for (int i = 0; i < ROUNDS; i++) {
      try {
        step.at(SIZE_BYTES / 2);
      } catch (MediaFailureException e) {
        failures++;
      }
    }
    return failures;
  }

  private static void setLength(Path path, long sizeBytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
  }

  /** The mapping as one whose cache lines are written back where it is forced. */
  private static MemorySegment withSync(MemorySegment mapping, Arena arena)
      throws ReflectiveOperationException {
    Class<?> unmapper = Class.forName("jdk.internal.access.foreign.UnmapperProxy");
    InvocationHandler isSync = (_, method, _) -> method.getName().equals("isSync") ? true : null;
    Class<?> scope = Class.forName("jdk.internal.foreign.MemorySessionImpl");
    return Class.forName("jdk.internal.foreign.MappedMemorySegmentImpl")
        .asSubclass(MemorySegment.class)
        .getConstructor(long.class, unmapper, long.class, boolean.class, scope)
        .newInstance(
            mapping.address(),
            Proxy.newProxyInstance(
                FailingPages.class.getClassLoader(), new Class<?>[] {unmapper}, isSync),
            mapping.byteSize(),
            false,
            arena.scope());
  }
}
