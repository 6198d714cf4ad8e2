package io.pcache.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pcache table}. */
@Command(
    name = "table",
    mixinStandardHelpOptions = true,
    description =
        "Prints dm-pcache's table line for a running cache, as dmsetup create takes it: the kernel takes the cache over with it once"
            + " the daemon has stopped.")
final class TableCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DaemonOption daemon;

  @Override
  public Integer call() throws Exception {
    spec.commandLine().getOut().println(daemon.call(ControlRequest.TABLE).requireText());
    return 0;
  }
}
