package io.pcache.testkit;

import java.util.Optional;

/**
 * What a kernel said about a pair of images.
 *
 * @param exitCode 0 where it attached them
 * @param output everything that the runner printed
 */
public record KernelReport(int exitCode, String output) {
  /** Whether it refused to attach them. */
  public boolean refused() {
    return line("refused").isPresent();
  }

  /** The status right after attaching. */
  public DmStatus attachedStatus() {
    return DmStatus.parse(require("attached: "));
  }

  /** The status after the operations. */
  public DmStatus lastStatus() {
    return DmStatus.parse(require("status: "));
  }

  /** The table line. */
  public String table() {
    return require("table: ");
  }

  /** SHA-256 of the whole logical device as it read it at the end. */
  public String logicalSha256() {
    return require("logical: ");
  }

  private String require(String prefix) {
    return line(prefix)
        .orElseThrow(() ->
            new AssertionError(
                "no '%s' from the kernel, exit %d:%n%s".formatted(prefix, exitCode, output)));
  }

  private Optional<String> line(String prefix) {
    return output
        .lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()).strip())
        .findFirst();
  }
}
