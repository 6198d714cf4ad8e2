package io.pcache.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * How long the virtual machine stopped all threads, and for what, as its own log of safepoints has
 * it, to the nanosecond: from asking the threads to stop to letting them go on. Collectors stop
 * threads only in safepoints, so no pause of theirs is longer. Not thread-safe; one at a time.
 */
final class VirtualMachinePauses {
  private static final Pattern SAFEPOINT =
      Pattern.compile("Safepoint \"(\\w+)\".* Total: +(\\d+) ns.*");
  private static final String[] SIGNATURE = {String[].class.getName()};

  private final Path log;

  private VirtualMachinePauses(Path log) {
    this.log = log;
  }

  /** Begins to count pauses. */
  static VirtualMachinePauses begin(BenchmarkFolder folder) throws IOException {
    Path log = folder.file("safepoints");
    configureLog("output=" + log, "what=safepoint=info", "decorators=none");
    return new VirtualMachinePauses(log);
  }

  /** Ends, and gives the times of all pauses by what they were for. */
  Map<String, LatencyHistogram> end() throws IOException {
    configureLog("output=" + log, "what=all=off");
    Map<String, LatencyHistogram> pauses = new TreeMap<>();
    for (String line : Files.readAllLines(log)) {
      Matcher safepoint = SAFEPOINT.matcher(line);
      if (safepoint.matches()) {
        pauses
            .computeIfAbsent(safepoint.group(1), unused -> new LatencyHistogram())
            .record(Long.parseLong(safepoint.group(2)));
      }
    }
    return pauses;
  }

  private static void configureLog(String... arguments) throws IOException {
    try {
      ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
      var _ =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(commands, "vmLog", new Object[] {arguments}, SIGNATURE);
    } catch (JMException e) {
      throw new IOException("the virtual machine's log could not be set up", e);
    }
  }
}
