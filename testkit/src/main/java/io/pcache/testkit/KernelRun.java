package io.pcache.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a kernel is to do with a pair of images: attach them, play operations, read the whole
 * device, detach.
 *
 * @param cache the cache image, at least 512 MiB; changed in place
 * @param backing the backing image; changed in place
 * @param dataCrc whether to attach with data checksums; has to be as the cache was formatted
 * @param options further words of the runner's command line
 */
public record KernelRun(Path cache, Path backing, boolean dataCrc, List<String> options) {
  /** Keeps an unmodifiable copy of the options. */
  public KernelRun {
    options = List.copyOf(options);
  }

  /** Attach, read everything, detach. */
  public static KernelRun of(Path cache, Path backing, boolean dataCrc) {
    return new KernelRun(cache, backing, dataCrc, List.of());
  }

  /** The same, playing a file of operations after attaching. */
  public KernelRun withOps(Path ops) {
    return withOptions("--ops", ops.toString());
  }

  /** The same with every write to the backing device failing, so that nothing is written back. */
  public KernelRun withNothingWrittenBack() {
    return withOptions("--keep-dirty");
  }

  /** The same with power lost after the operations instead of a detach; nothing is read then. */
  public KernelRun withCrash() {
    return withOptions("--crash");
  }

  private KernelRun withOptions(String... more) {
    List<String> all = new ArrayList<>(options);
    Collections.addAll(all, more);
    return new KernelRun(cache, backing, dataCrc, all);
  }

  List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    Collections.addAll(
        arguments, cache.toString(), backing.toString(), "--data-crc", String.valueOf(dataCrc));
    arguments.addAll(options);
    return arguments;
  }
}
