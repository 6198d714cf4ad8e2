package io.pcache.cli;

import io.pcache.OpenOptions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pcache message}. */
@Command(
    name = "message",
    mixinStandardHelpOptions = true,
    description = "Sends a message to a running cache, as dmsetup message does to dm-pcache.",
    footerHeading = "%nMessages:%n",
    footer = {
      "  gc_percent N     reclaim segments when N percent of them are in use; "
          + OpenOptions.GC_PERCENT_RANGE
          + ", kept across restarts",
    })
final class MessageCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DaemonOption daemon;

  @Parameters(
      arity = "1..*",
      paramLabel = "MESSAGE",
      description = "The message's name and its value, as one argument or as two.")
  private List<String> arguments;

  @Override
  public Integer call() throws Exception {
    spec.commandLine()
        .getOut()
        .println(daemon.call(ControlRequest.message(arguments)).requireText());
    return 0;
  }
}
