package io.pcache.cli;

import io.pcache.PcacheStatus;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code pcache status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Shows how a running cache is doing.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  pcache status                         the one in ./pcache-data",
      "  pcache status --cache /dev/pmem0",
      "  pcache status --json | jq .dirtyBytes",
      "  pcache status --json | jq -c '.clients.connections[]'",
    })
final class StatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DaemonOption daemon;

  @ArgGroup private @Nullable Form form;

  /** How to write it; at most one. */
  static final class Form {
    @Option(
        names = "--dm",
        description = "In dm-pcache's own form, from the superblock's flags on.")
    private boolean dm;

    @Option(names = "--json", description = "All of it, as JSON. Sizes in bytes.")
    private boolean json;
  }

  @Override
  public Integer call() throws Exception {
    ControlReply reply = daemon.call(ControlRequest.STATUS);
    PcacheStatus status = reply.requireStatus();
    PrintWriter out = spec.commandLine().getOut();
    if (form != null && form.dm) {
      out.println(status.toDmStatusLine());
    } else if (form != null && form.json) {
      out.println(json(status, reply.clients()));
    } else {
      out.print(new StatusText(status, reply.clients()));
    }
    out.flush();
    return 0;
  }

  private static String json(PcacheStatus status, @Nullable ClientsStatus clients) {
    ObjectNode all = ControlProtocol.JSON.valueToTree(status);
    if (clients != null) {
      all.set("clients", ControlProtocol.JSON.valueToTree(clients));
    }
    return Printable.json(
        ControlProtocol.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }
}
