package io.pcache.cli;

import io.pcache.CacheRepair;
import io.pcache.error.ErrorKind;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pcache repair}. */
@Command(
    name = "repair",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Looks at a cache that does not open and says what is wrong: which records are lost, what each would be rebuilt from, and"
          + " what of the log would be given up. With --in-place it does so, and the cache opens again. Make a copy of the device"
          + " first.",
      "Exit code 0: nothing is wrong, or it was repaired; 10: something is wrong."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache repair cache.img                says what is wrong; changes nothing",
      "  pcache repair cache.img --in-place     rebuilds what is lost, gives up what is unreadable",
    })
final class RepairCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CACHE", description = "The cache device, which no daemon has open.")
  private Path cache;

  @Option(
      names = {"--in-place", "--force"},
      description =
          "Change the cache: rebuild what is lost, and give up what is unreadable. That is gone then.")
  private boolean inPlace;

  @Option(
      names = "--data-crc",
      arity = "1",
      paramLabel = "true|false",
      description =
          "Whether the cache was formatted with --data-crc. Needed where cache_info is lost and the keys do not tell; refused where"
              + " they tell the opposite.")
  private @Nullable Boolean dataCrc;

  @Override
  public Integer call() {
    try (CacheRepair repair = CacheRepair.open(cache, dataCrc)) {
      repair
          .findings()
          .forEach(
              line -> spec.commandLine().getOut().println(Printable.line(cache + ": " + line)));
      if (!repair.isDamaged()) {
        return 0;
      }
      if (!inPlace) {
        spec.commandLine().getOut().println("nothing was changed; --in-place repairs it");
        return ErrorKind.CORRUPT_MEDIA.exitCode();
      }
      repair.apply();
      spec.commandLine().getOut().println("repaired " + Printable.line(cache.toString()));
      return 0;
    }
  }
}
