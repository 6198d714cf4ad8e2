package io.pcache.cli;

import static org.awaitility.Awaitility.await;

import io.pcache.testkit.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A file system that takes every question and answers none. Who asks waits inside the kernel, and
 * not even SIGKILL ends that. It ends by itself after five minutes, for whoever waits too long.
 */
final class SilentFileSystem implements AutoCloseable {
  /** Speaks FUSE: the one answer is that to the kernel's first message, which sets the terms. */
  private static final String SERVER =
      """
      import ctypes, os, select, signal, struct, sys
      signal.alarm(300)
      libc = ctypes.CDLL(None, use_errno=True)
      fuse = os.open("/dev/fuse", os.O_RDWR)
      options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
      if libc.mount(b"silent", sys.argv[1].encode(), b"fuse", 0, options.encode()):
          sys.exit(os.strerror(ctypes.get_errno()))
      init = struct.unpack_from("IIQ", os.read(fuse, 1 << 20))
      terms = struct.pack("IIIIHHIIHHI", 7, 31, 0, 0, 10, 10, 1 << 16, 1, 0, 0, 0) + bytes(28)
      os.write(fuse, struct.pack("IiQ", 16 + len(terms), 0, init[2]) + terms)
      print("mounted", flush=True)
      while 0 not in select.select([0, fuse], [], [])[0]:
          os.read(fuse, 1 << 20)
      """;

  private final Process server;
  private final Path folder;

  private SilentFileSystem(Process server, Path folder) {
    this.server = server;
    this.folder = folder;
  }

  /** Mounts one. */
  static SilentFileSystem mount(Path folder) throws IOException {
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    Process server =
        new ProcessBuilder(LibnbdClient.PYTHON, "-c", SERVER, folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    SilentFileSystem mounted = new SilentFileSystem(server, folder);
    try {
      await().atMost(240, TimeUnit.SECONDS).until(() -> Files.readString(log).contains("mounted"));
      return mounted;
    } catch (Throwable t) {
      mounted.close();
      throw t;
    }
  }

  /** Whether who asks still waits. */
  boolean isSilent() {
    return server.isAlive();
  }

  /** The kernel fails what waits for it, and everything else, once its server has ended. */
  @Override
  public void close() throws IOException {
    try {
      server.destroyForcibly().waitFor();
      Command.run("umount", folder.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting " + folder, e);
    }
  }
}
