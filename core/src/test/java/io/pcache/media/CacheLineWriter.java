package io.pcache.media;

import java.lang.reflect.Method;
import java.util.Optional;

/**
 * Writes a cache line back as the first thing a process does, unless something stands against it.
 * Goes the way that forcing a mapping with {@code MAP_SYNC} goes, on memory that every machine has.
 * Needs {@code --add-exports java.base/jdk.internal.misc=ALL-UNNAMED}.
 */
final class CacheLineWriter {
  static final String DONE = "written back";
  static final String LEFT = "left: ";

  private CacheLineWriter() {}

  public static void main(String[] args) throws ReflectiveOperationException {
    Optional<String> obstacle = CacheLineWriteback.obstacle();
    if (obstacle.isPresent()) {
      System.out.println(LEFT + obstacle.get());
      return;
    }
    Class<?> type = Class.forName("jdk.internal.misc.Unsafe");
    Object unsafe = type.getMethod("getUnsafe").invoke(null);
    long address = (long) type.getMethod("allocateMemory", long.class).invoke(unsafe, 4096L);
    Method writeback = type.getMethod("writebackMemory", long.class, long.class);
    writeback.invoke(unsafe, address, 4096L);
    System.out.println(DONE);
  }
}
