package io.pcache.cli;

import java.io.PrintWriter;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code pcache} command: what is common to its subcommands. */
@Command(
    name = "pcache",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = "A crash-safe, persistent write-back cache for block devices.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache serve                          a demo disk in ./pcache-data, to try things on",
      "  pcache format cache.img --size 8G     make a cache",
      "  pcache serve --cache cache.img --backing /dev/sdb --listen 127.0.0.1:10809",
      "  pcache status --cache cache.img       how it is doing",
      "  pcache drain cache.img /dev/sdb       writes everything dirty back, without serving",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:done",
      " 1:a failure that has no code of its own",
      " 2:a command line or option that makes no sense",
      "10:the cache is damaged",
      "11:the device holds something else or something newer",
      "12:the backing device is not the cache's own",
      "13:a device is in use",
      "14:no space: a file system, a device or the heap is too small",
      "15:the backing device fails",
      "16:the cache device fails",
      "17:no pcache is running there",
      "18:the daemon, or the file system of its cache or socket, does not answer in time",
    },
    subcommands = {
      FormatCommand.class,
      RepairCommand.class,
      DrainCommand.class,
      ServeCommand.class,
      StatusCommand.class,
      TableCommand.class,
      MessageCommand.class,
      GenerateCompletion.class,
    })
final class PcacheCommand implements Runnable {
  private static final int HELP_WIDTH = 100;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Log more, and show where in the program a failure came from.")
  private boolean verbose;

  /**
   * The command, ready to execute. Arguments are taken as they are: what a file hid, the launcher
   * could not see.
   */
  static CommandLine commandLine() {
    PcacheCommand command = new PcacheCommand();
    return new CommandLine(command)
        .setUsageHelpWidth(HELP_WIDTH)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(new UsageFailureHandler())
        .setExecutionExceptionHandler((failure, commandLine, parsed) ->
            command.report(Failure.of(failure), commandLine.getErr()))
        .setExecutionStrategy(parsed -> {
          Logging.start(command.verbose ? Logging.DETAILED : Logging.WARNINGS);
          return new CommandLine.RunLast().execute(parsed);
        });
  }

  private int report(Failure failure, PrintWriter err) {
    return verbose ? failure.reportWithTrace(err) : failure.report(err);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "give a command, for instance: pcache serve");
  }
}
