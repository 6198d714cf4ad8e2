package io.pcache.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Puts a process's stdout and stderr behind {@link DetachedOutput}: a daemon serves on whether
 * anybody reads its log or not. What has been printed is written when the process ends, as far as
 * somebody reads it then.
 */
final class DetachedStreams {
  private static final long END_NANOS = TimeUnit.SECONDS.toNanos(1);

  private DetachedStreams() {}

  /** From now on nobody in this process waits for who reads what it prints. Called once. */
  static void install() {
    DetachedOutput out =
        DetachedOutput.to(new FileOutputStream(FileDescriptor.out), "pcache-stdout");
    DetachedOutput err =
        DetachedOutput.to(new FileOutputStream(FileDescriptor.err), "pcache-stderr");
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("pcache-last-words")
                .unstarted(() -> {
                  await(out);
                  await(err);
                }));
  }

  private static void await(DetachedOutput output) {
    try {
      boolean unused = output.await(END_NANOS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
