package io.pcache.cli;

import io.pcache.testkit.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Short programs that use a served disk through libnbd. */
final class LibnbdClient {
  /** The one that the system's libnbd package serves. */
  static final String PYTHON = "/usr/bin/python3";

  /** Writes 24 MiB at 64 MiB, flushed. */
  static final String WRITE =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(24):
          h.pwrite(bytes([i + 1]) * (1 << 20), (64 + i) << 20)
      h.flush()
      """;

  /** Checks that what {@link #WRITE} wrote is there. */
  static final String CHECK =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(24):
          assert h.pread(1 << 20, (64 + i) << 20) == bytes([i + 1]) * (1 << 20), i
      """;

  private static final String PRELUDE =
      """
      import errno, nbd, sys
      uri = sys.argv[1]
      """;

  private static final String READ_RANGES =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for range_ in sys.argv[2:]:
          offset, length, path = range_.split(" ", 2)
          at, end = int(offset), int(offset) + int(length)
          with open(path, "wb") as f:
              while at < end:
                  n = min(8 << 20, end - at)
                  f.write(h.pread(n, at))
                  at += n
      """;

  private LibnbdClient() {}

  /**
   * Runs a program to its end. It finds {@code nbd} and {@code errno} imported and the disk's
   * address in {@code uri}.
   *
   * @param arguments in {@code sys.argv} from 2 on
   * @throws AssertionError where it fails
   */
  static void run(String uri, String program, String... arguments)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("-c", PRELUDE + program, uri));
    words.addAll(List.of(arguments));
    Command.run(PYTHON, words.toArray(new String[0])).succeeded();
  }

  /** Starts a program, and leaves it running; what it prints is nobody's. */
  static Process start(String uri, String program) throws IOException {
    return new ProcessBuilder(PYTHON, "-c", PRELUDE + program, uri)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /**
   * Reads ranges into files.
   *
   * @param ranges each {@code offset length path}
   */
  static void readRanges(String uri, String... ranges) throws IOException, InterruptedException {
    run(uri, READ_RANGES, ranges);
  }
}
