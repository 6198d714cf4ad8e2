package io.pcache.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Attaches images to the real dm-pcache of an emulated Linux with {@code interop/dm-pcache}. The
 * kernel and its initial RAM disk are in the folder that the environment variable {@code
 * PCACHE_KERNEL} names, else in {@code interop/kernel}, else beside the repository in {@code
 * ../shared/kernel}. One run takes about ten seconds and changes both images, as an attach does.
 */
public final class KernelTool {
  /** The program that the runner needs. */
  static final String EMULATOR = "qemu-system-x86_64";

  /** The kernel in its folder. */
  static final String KERNEL = "bzImage";

  private static final String KERNEL_VARIABLE = "PCACHE_KERNEL";
  private static final String RUNNER = "interop/dm-pcache";
  private static final String OWN_KERNEL = "interop/kernel";
  private static final String SHARED_KERNEL = "../shared/kernel";
  private static final long TIMEOUT_SECONDS = 240;
  private static final long GRACE_SECONDS = 20;

  private KernelTool() {}

  /** Returns the folder of the kernel, whether it is there or not. */
  static Path kernelFolder() {
    String chosen = System.getenv(KERNEL_VARIABLE);
    if (chosen != null) {
      return Path.of(chosen).toAbsolutePath();
    }
    Path own = Repository.resolve(OWN_KERNEL);
    return Files.isReadable(own.resolve(KERNEL)) ? own : Repository.resolve(SHARED_KERNEL);
  }

  /**
   * Carries out one run.
   *
   * @throws IllegalStateException where the emulated machine did not come to its end
   */
  public static KernelReport run(KernelRun run) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Repository.resolve(RUNNER).toString()));
    command.addAll(run.arguments());
    Path output = Files.createTempFile("dm-pcache", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().put(KERNEL_VARIABLE, kernelFolder().toString());
      builder.environment().put("DM_PCACHE_TIMEOUT", String.valueOf(TIMEOUT_SECONDS));
      Process process = builder.start();
      if (!process.waitFor(TIMEOUT_SECONDS + GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new IllegalStateException(
            "the kernel runner did not end: " + Files.readString(output));
      }
      return new KernelReport(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }
}
