package io.pcache.cli;

import io.pcache.CachePreview;
import io.pcache.OpenOptions;
import io.pcache.PcacheStatus;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pcache drain}. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes everything dirty in a cache back to its backing device, without serving it. Afterwards the backing device alone is"
          + " up to date. Ctrl-C leaves the rest in the cache; another drain goes on from there.",
      "Exit code 0: nothing dirty is left; 1: you gave it up; 10: damaged data was set aside; 12: the backing device is another"
          + " one; 13: a device is in use, as where the cache is served; 15: the backing device failed; 16: the cache device failed."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache drain --dry-run cache.img disk.img   says how much there is to write back",
      "  pcache drain /dev/pmem0 /dev/sdb            writes it back",
      "  pcache drain --json cache.img disk.img | jq .leftBytes",
    })
final class DrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "CACHE",
      description = "The cache device, which no daemon has open.")
  private Path cache = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "BACKING",
      description = "Its backing device: a block device or a file.")
  private Path backing = Path.of("");

  @Option(
      names = "--dry-run",
      description = "Only say how much there is to write back. Changes neither device.")
  private boolean dryRun;

  @Option(names = "--json", description = "The result as JSON. Sizes in bytes.")
  private boolean json;

  @Option(
      names = "--adopt",
      description =
          "Take this backing device as the cache's own although the cache names none or another."
              + " With the wrong one, data is destroyed.")
  private boolean adopt;

  @Option(
      names = "--direct",
      description = "Open the backing device past the page cache (O_DIRECT).")
  private boolean direct;

  @Option(
      names = "--force",
      description =
          "Drain also where a loop device has the cache's or the backing device's file attached. Whoever writes to that loop"
              + " device, or has it mounted, then destroys data.")
  private boolean force;

  @Option(
      names = "--give-up-unflushed",
      description =
          "Drain also where a killed process left acknowledged writes in a file that cannot be read. These writes are lost.")
  private boolean giveUpUnflushed;

  @Option(
      names = "--staging",
      paramLabel = "FOLDER",
      description =
          "The folder that serve was given, where a killed daemon left writes that are not flushed. Default: ${DEFAULT-VALUE}.")
  private Path staging = OpenOptions.DEFAULT_STAGING_FOLDER;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "The Java heap, as for serve. The launcher gives it to Java.")
  private @Nullable Long heapBytes;

  @Option(
      names = "--stop-timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      converter = StopTimeout.class,
      description =
          "How long it waits while nothing is written back, 1 to 86400. Default: ${DEFAULT-VALUE}.")
  private Duration stopTimeout = Duration.ZERO;

  @Override
  public Integer call() {
    DetachedStreams.install();
    IgnoredSignals.install();
    if (heapBytes != null) {
      DaemonHeap.check(heapBytes, Runtime.getRuntime().maxMemory(), DaemonHeap.memoryBytes());
    }
    ProgressDisplay display = ProgressDisplay.onStandardError();
    return dryRun ? preview(display) : drain(display);
  }

  private OpenOptions options() {
    return new OpenOptions(
        cache.toAbsolutePath(),
        backing.toAbsolutePath(),
        adopt,
        direct,
        staging.toAbsolutePath(),
        null,
        force,
        giveUpUnflushed);
  }

  private int preview(ProgressDisplay display) {
    try (Progress _ = display.start("reading the log of " + cache)) {
      CachePreview preview = CachePreview.of(options());
      print(
          new DrainResult(
              preview.drainableBytes(), preview.dirtyBytes() - preview.drainableBytes()));
      return 0;
    }
  }

  private int drain(ProgressDisplay display) {
    StopRequests stop = new StopRequests();
    Launcher launcher = Launcher.ofThisProcess();
    Stopping stopping = new Stopping(stopTimeout, display);
    EndAtOnce.on(stop, stopping, launcher, System.err);
    var _ = stop.first().thenRun(launcher::stops);
    Drain writeBack =
        new Drain(Drain.Occasion.COMMAND, stop.first(), stopping.patience(), display, System.err);
    ServedCache open = new CacheOpening(display, launcher, stop, stopTimeout).open(options());
    try {
      int exitCode = new LastReport(writeBack, stopping, stop, System.err).applyAsInt(open);
      PcacheStatus after = open.status();
      print(new DrainResult(new Remainder(after).dirtyBytes(), after.setAsideBytes()));
      return exitCode;
    } finally {
      launcher.stops();
      stopping.begin(open);
      stopping.during(() -> open.close(stopping.patience()));
    }
  }

  private void print(DrainResult result) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ControlProtocol.JSON.writeValueAsString(result));
    } else if (dryRun) {
      out.println(ByteSize.format(result.leftBytes()) + " to write back");
    }
    out.flush();
  }

  /**
   * What {@code --json} prints.
   *
   * @param leftBytes what is dirty and can still be written back
   * @param setAsideBytes damaged data that cannot be written back
   */
  private record DrainResult(long leftBytes, long setAsideBytes) {}
}
