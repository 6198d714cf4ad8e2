package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.SectorLedger;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client of libnbd that keeps many requests in flight (writes of all sizes, zeroes, FUA, flushes)
 * until its server is gone, and tells of every request when it submits it and when it is
 * acknowledged. Those in flight never overlap, so their order is that of submission.
 *
 * <p>Thread-safety: none.
 */
final class LibnbdWriter {
  /** How many requests are in flight. */
  static final int DEPTH = 16;

  private static final String SCRIPT =
      """
      import errno, nbd, random, struct, sys
      uri, seed, first, count, version, depth = sys.argv[1], *map(int, sys.argv[2:7])
      rng = random.Random(seed)
      h = nbd.NBD()
      h.connect_uri(uri)
      in_flight = {}
      flushes = 0

      def say(*words):
          print(*words, flush=True)

      def content(sector, n, version):
          return bytearray(b"".join(struct.pack("<QQ", s, version) * 32 for s in range(sector, sector + n)))

      def free_range():
          while True:
              n = rng.choice((1, 1, 8, 8, 8, 8, 32, 128))
              at = first + rng.randrange(count - n)
              if all(at + n <= a or at >= b for _, a, b, _ in in_flight.values()):
                  return at, n

      def submit():
          global version, flushes
          if rng.random() < 0.02:
              flushes += 1
              say("flush", flushes)
              in_flight[h.aio_flush()] = ("f%d" % flushes, 0, 0, None)
              return
          at, n = free_range()
          fua = rng.random() < 0.05
          flags = nbd.CMD_FLAG_FUA if fua else 0
          version += 1
          name = ("d%d" if fua else "a%d") % version
          if rng.random() < 0.05:
              say("zero", version, at, n)
              in_flight[h.aio_zero(n * 512, at * 512, flags=flags)] = (name, at, at + n, None)
          else:
              say("write", version, at, n)
              buffer = nbd.Buffer.from_bytearray(content(at, n, version))
              in_flight[h.aio_pwrite(buffer, at * 512, flags=flags)] = (name, at, at + n, buffer)

      try:
          while True:
              while len(in_flight) < depth:
                  submit()
              h.poll(-1)
              for cookie in list(in_flight):
                  if h.aio_command_completed(cookie):
                      say("done", in_flight.pop(cookie)[0])
      except nbd.Error as e:
          if not (h.aio_is_dead() or h.aio_is_closed()):
              say("failed", e.errno, e.string)
      """;

  private final DiskRegion region;
  private int newest;

  LibnbdWriter(DiskRegion region) {
    this.region = region;
  }

  /**
   * A writer at work.
   *
   * @param lines what it has told so far
   * @param submitted how many writes it has submitted so far
   */
  record Run(Process process, Thread reader, List<String> lines, AtomicInteger submitted) {}

  /** Begins to write; ends by itself when the server goes. */
  Run start(String uri, int seed) throws IOException {
    Process process =
        new ProcessBuilder(
                LibnbdClient.PYTHON,
                "-c",
                SCRIPT,
                uri,
                String.valueOf(seed),
                String.valueOf(region.ledger().firstSector()),
                String.valueOf(region.ledger().count()),
                String.valueOf(newest),
                String.valueOf(DEPTH))
            .redirectErrorStream(true)
            .start();
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger submitted = new AtomicInteger();
    Thread reader =
        Thread.ofPlatform()
            .daemon()
            .name("libnbd-writer")
            .start(() -> read(process, lines, submitted));
    return new Run(process, reader, lines, submitted);
  }

  private static void read(Process process, List<String> lines, AtomicInteger submitted) {
    try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
        if (line.startsWith("write") || line.startsWith("zero")) {
          submitted.incrementAndGet();
        }
      }
    } catch (IOException e) {
      lines.add("failed to read: " + e);
    }
  }

  /** Waits until it has ended, and enters what it has written. Returns how many writes. */
  int enter(Run run) throws InterruptedException {
    assertThat(run.process().waitFor(60, TimeUnit.SECONDS)).as("it ends with its server").isTrue();
    run.reader().join();
    int before = newest;
    Map<String, Runnable> open = new HashMap<>();
    for (String line : List.copyOf(run.lines())) {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case "flush" -> open.put("f" + words[1], flush());
        case "write" -> submit(words, 1, open);
        case "zero" -> submit(words, -1, open);
        case "done" -> Objects.requireNonNull(open.remove(words[1]), line).run();
        default -> throw new AssertionError(line);
      }
    }
    assertThat(newest - before).isPositive();
    return newest - before;
  }

  private Runnable flush() {
    int[] floors = region.ledger().floors();
    return () -> region.ledger().flushed(floors);
  }

  private void submit(String[] words, int sign, Map<String, Runnable> open) {
    SectorLedger ledger = region.ledger();
    int version = sign * Integer.parseInt(words[1]);
    int first = Integer.parseInt(words[2]);
    int count = Integer.parseInt(words[3]);
    newest = ledger.nextVersion();
    assertThat(newest).isEqualTo(Math.abs(version));
    ledger.submitted(first, count, version);
    open.put("a" + words[1], () -> ledger.acknowledged(first, count, version));
    open.put(
        "d" + words[1],
        () -> {
          ledger.acknowledged(first, count, version);
          ledger.madeDurable(first, count, version);
        });
  }
}
