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
        "Prints what dm-pcache's table line would be for a running cache: the arguments with which the kernel would"
            + " take it over.")
final class TableCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DaemonOption daemon;

  @Override
  public Integer call() throws Exception {
    spec.commandLine().getOut().println(daemon.call(ControlRequest.TABLE).text());
    return 0;
  }
}
