package io.pcache.cli;

import io.pcache.CacheRepair;
import io.pcache.error.ErrorKind;
import java.nio.file.Path;
import java.util.concurrent.Callable;
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
      "Looks at a cache whose log is damaged and says what is lost. With --force it gives that up, so that the cache opens"
          + " again. Make a copy of the device first."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache repair cache.img             says what is wrong; changes nothing",
      "  pcache repair cache.img --force     gives up what is unreadable",
    })
final class RepairCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CACHE", description = "The cache device, which no daemon has open.")
  private Path cache;

  @Option(names = "--force", description = "Give up what is unreadable. It is gone then.")
  private boolean force;

  @Override
  public Integer call() {
    try (CacheRepair repair = CacheRepair.open(cache)) {
      spec.commandLine().getOut().println(Printable.line(cache + ": " + repair.describe()));
      if (!repair.isDamaged()) {
        return 0;
      }
      if (!force) {
        spec.commandLine().getOut().println("nothing was changed; --force gives it up");
        return ErrorKind.CORRUPT_MEDIA.exitCode();
      }
      repair.apply();
      spec.commandLine().getOut().println("repaired " + Printable.line(cache.toString()));
      return 0;
    }
  }
}
