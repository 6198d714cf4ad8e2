package io.pcache.cli;

import io.pcache.OpenOptions;
import io.pcache.Pcache;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pcache serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Serves a backing device through its cache over NBD until Ctrl-C, SIGTERM or SIGHUP. Without"
          + " --cache and --backing: a demo disk in ./pcache-data, made if absent."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache serve",
      "  pcache serve --cache /dev/pmem0 --backing /dev/sdb --listen unix:/run/disk.sock",
      "  pcache serve --cache cache.img --backing disk.img --listen 127.0.0.1:10809 --export disk",
    })
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(exclusive = false)
  private @Nullable Devices devices;

  /** Both or none of them. */
  static final class Devices {
    @Option(
        names = "--cache",
        required = true,
        paramLabel = "CACHE",
        description = "The formatted cache device.")
    private Path cache = Path.of("");

    @Option(
        names = "--backing",
        required = true,
        paramLabel = "BACKING",
        description = "The backing device: a block device or a file.")
    private Path backing = Path.of("");
  }

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      description = {
        "Where to listen, more than once if wanted: unix:PATH or HOST:PORT. Default: a unix socket"
            + " beside the cache, CACHE.nbd.sock.",
        "There is no authentication: whoever reaches the address reads and writes the disk."
      })
  private List<String> listen = List.of();

  @Option(
      names = "--control-socket",
      paramLabel = "PATH",
      description =
          "Where to answer status, table and message, which then need --socket PATH. Default: beside the cache, in /run/pcache, or in a"
              + " folder of the user's own among the temporary files.")
  private @Nullable Path controlSocket;

  @Option(
      names = "--export",
      paramLabel = "NAME",
      description = "The export's name. Default: the empty one.")
  private String export = "";

  @Mixin private ClientLimits limits;

  @Option(
      names = "--gc-percent",
      paramLabel = "N",
      converter = GcPercent.class,
      description =
          "Reclaim segments when N percent are in use, "
              + OpenOptions.GC_PERCENT_RANGE
              + ". Kept in the cache.")
  private @Nullable Integer gcPercent;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "The Java heap, which the launcher gives to Java. Default: 256 MiB and an eightieth of"
              + " the cache, at most half of the memory. Where the index reaches five eighths of"
              + " it, writes wait for reclaiming.")
  private @Nullable Long heapBytes;

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
          "Serve also where a loop device has the cache's or the backing device's file attached. Whoever writes to that loop"
              + " device, or has it mounted, then destroys data.")
  private boolean force;

  @Option(
      names = "--give-up-unflushed",
      description =
          "Serve also where a killed process left acknowledged writes in a file that cannot be read, or that belongs to a cache"
              + " device of another number or to another --staging folder. These writes are lost.")
  private boolean giveUpUnflushed;

  @Option(
      names = "--staging",
      paramLabel = "FOLDER",
      description =
          "A folder on tmpfs for a small file, in which writes that are not flushed yet survive a killed process. Default:"
              + " ${DEFAULT-VALUE}.")
  private Path staging = OpenOptions.DEFAULT_STAGING_FOLDER;

  @Option(
      names = "--drain",
      description =
          "When stopping, first write everything dirty back. A second Ctrl-C ends that. Exit code 0 says that"
              + " everything is written back; 1 that you ended it; 10 that damaged data was set aside;"
              + " 15 that the backing device failed; 16 that the cache device failed.")
  private boolean drain;

  @Option(
      names = "--stop-timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      converter = StopTimeout.class,
      description =
          "How long a stop waits while nothing moves, 1 to 86400. Default: ${DEFAULT-VALUE}. A second signal stops at once. Where a"
              + " file was deleted, the process stays until then, so that it can be copied.")
  private Duration stopTimeout = Duration.ZERO;

  @Override
  public Integer call() throws Exception {
    DetachedStreams.install();
    IgnoredSignals.install();
    if (heapBytes != null) {
      DaemonHeap.check(heapBytes, Runtime.getRuntime().maxMemory(), DaemonHeap.memoryBytes());
    }
    DemoDisk demo = DemoDisk.inWorkingFolder();
    Path cache = devices == null ? demo.cache() : devices.cache;
    Path backing = devices == null ? demo.disk() : devices.backing;
    SocketPlaces places = SocketPlaces.ofThisMachine();
    ProgressDisplay display = ProgressDisplay.onStandardError();
    if (devices == null) {
      makeDemo(demo, display);
    }
    FrontEnd.Starter frontEnd = NbdFrontEnd.starter(listenAddresses(places, cache), export, limits);
    StopRequests stop = new StopRequests();
    Launcher launcher = Launcher.ofThisProcess();
    Stopping stopping = new Stopping(stopTimeout, display);
    EndAtOnce.on(stop, stopping, launcher, System.err);
    var _ = stop.first().thenRun(launcher::stops);
    Drain writeBack =
        new Drain(Drain.Occasion.STOP, stop.second(), stopping.patience(), display, System.err);
    CacheOpening opening = new CacheOpening(display, launcher, stop, stopTimeout);
    // What a deleted cache file holds cannot stay there.
    ToIntFunction<ServedCache> beforeClose =
        served ->
            drain || new Remainder(served.status()).cacheIsDeleted()
                ? writeBack.applyAsInt(served)
                : 0;
    Daemon daemon =
        new Daemon(
            () ->
                opening.open(
                    new OpenOptions(
                        cache.toAbsolutePath(),
                        backing.toAbsolutePath(),
                        adopt,
                        direct,
                        staging.toAbsolutePath(),
                        gcPercent,
                        force,
                        giveUpUnflushed)),
            controlSocket == null
                ? places.forServer(cache, SocketPlaces.CONTROL_SUFFIX)
                : SocketPlaces.chosen(controlSocket),
            frontEnd,
            beforeClose,
            stopping,
            System.err);
    return daemon.run(stop, this::announce);
  }

  private void makeDemo(DemoDisk demo, ProgressDisplay display) throws IOException {
    try (Progress _ = display.start("making a demo cache in " + demo.folder())) {
      if (demo.makeIfAbsent(Pcache::format)) {
        out()
            .println(
                "Made a cache of %s and a disk of %s in %s."
                    .formatted(
                        ByteSize.format(DemoDisk.CACHE_BYTES),
                        ByteSize.format(DemoDisk.DISK_BYTES),
                        demo.folder()));
      }
    }
  }

  private List<String> listenAddresses(SocketPlaces places, Path cache) {
    return listen.isEmpty()
        ? List.of("unix:" + places.forServer(cache, SocketPlaces.NBD_SUFFIX))
        : listen;
  }

  private void announce(FrontEnd clients) {
    out().println("Serving at:");
    clients.uris().forEach(uri -> out().println(Printable.line(uri)));
    if (devices == null) {
      out()
          .print(
              DemoDisk.thingsToTry(
                  clients.uris().getFirst(), System.getProperty("pcache.command", "pcache")));
    }
    out().flush();
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
