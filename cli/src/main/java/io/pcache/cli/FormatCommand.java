package io.pcache.cli;

import io.pcache.FormatOptions;
import io.pcache.Pcache;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pcache format}. */
@Command(
    name = "format",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Makes an empty cache on a block device or a file. Refuses a device that holds anything known (a cache or what is left"
          + " of one, a file system, a partition table) unless forced, and one in use always."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache format cache.img --size 8G       a file, every block of it allocated",
      "  pcache format /dev/pmem0 --data-crc     a whole device, with checksums of the data",
    })
final class FormatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "CACHE",
      description = "The cache device: a block device, or a file, created if absent.")
  private Path cache;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Size of a file: bytes, or with unit: 512M, 8G, 1TiB. At least 512M. Needed for a file that is to be created;"
              + " an existing file grows to it, and is never cut.")
  private @Nullable Long sizeBytes;

  @Option(
      names = "--data-crc",
      description = "Keep a checksum of all data. Cannot be changed later.")
  private boolean dataCrc;

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "A name for people, up to 64 bytes.")
  private @Nullable String label;

  @Option(names = "--force", description = "Overwrite what the device holds. That is gone then.")
  private boolean force;

  @Override
  public Integer call() throws Exception {
    if (sizeBytes == null && Files.notExists(cache)) {
      throw new ParameterException(
          spec.commandLine(),
          cache + " does not exist; to create a file give --size, for instance --size 8G");
    }
    FormatOptions options =
        new FormatOptions(cache, sizeBytes == null ? 0 : sizeBytes, dataCrc, force, label);
    ProgressDisplay display = ProgressDisplay.onStandardError();
    try (Progress _ = display.start("formatting " + cache)) {
      Pcache.format(options);
    }
    spec.commandLine().getOut().println("formatted " + Printable.line(cache.toString()));
    return 0;
  }
}
