package io.pcache.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Attaches images to the real dm-pcache of an emulated Linux, by a runner that lives beside the
 * repository at {@code ../shared/kernel/dm-pcache}, or where the environment variable {@code
 * PCACHE_KERNEL_TOOL} says. One run takes about ten seconds and changes both images, as an attach
 * does.
 */
public final class KernelTool {
  /** The program that the runner needs. */
  static final String EMULATOR = "qemu-system-x86_64";

  private static final String LOCATION_VARIABLE = "PCACHE_KERNEL_TOOL";
  private static final String USUAL_LOCATION = "../shared/kernel/dm-pcache";
  private static final long TIMEOUT_SECONDS = 240;
  private static final long GRACE_SECONDS = 20;

  private KernelTool() {}

  static Path location() {
    String chosen = System.getenv(LOCATION_VARIABLE);
    return chosen == null ? Repository.resolve(USUAL_LOCATION) : Path.of(chosen).toAbsolutePath();
  }

  /**
   * Carries out one run.
   *
   * @throws IllegalStateException where the emulated machine did not come to its end
   */
  public static KernelReport run(KernelRun run) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(location().toString()));
    command.addAll(run.arguments());
    Path output = Files.createTempFile("dm-pcache", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
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
