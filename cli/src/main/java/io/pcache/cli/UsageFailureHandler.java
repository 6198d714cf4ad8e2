package io.pcache.cli;

import io.pcache.error.ErrorKind;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Tells about a command line that makes no sense in one line, and where the right one is described.
 */
final class UsageFailureHandler implements IParameterExceptionHandler {
  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String message =
        unknownOption(failure, args)
            .map(option -> "Unknown option: '" + option + "'")
            .or(() -> unexpectedWord(failure))
            .orElseGet(() -> String.valueOf(failure.getMessage()))
            .replace('\n', ' ')
            .replaceFirst("^Error: ", "");
    command.getErr().println("pcache: " + Printable.line(message) + " (see: " + name + " --help)");
    return ErrorKind.BAD_OPTION.exitCode();
  }

  /**
   * A word that is neither an option nor what a command takes: where commands stand, a wrong one.
   */
  private static Optional<String> unexpectedWord(ParameterException failure) {
    if (!(failure instanceof UnmatchedArgumentException unmatched) || unmatched.isUnknownOption()) {
      return Optional.empty();
    }
    String word = unmatched.getUnmatched().getFirst();
    Set<String> commands = failure.getCommandLine().getSubcommands().keySet();
    return Optional.of(
        commands.isEmpty()
            ? "unexpected argument '" + word + "'"
            : "unknown command '" + word + "'; known: " + String.join(", ", commands));
  }

  /**
   * A misspelt option is told before the argument that is missing besides: what was taken for the
   * one is often meant for the other.
   */
  private static Optional<String> unknownOption(ParameterException failure, String[] args) {
    if (!(failure instanceof MissingParameterException)) {
      return Optional.empty();
    }
    Set<String> known = failure.getCommandLine().getCommandSpec().optionsMap().keySet();
    return Arrays.stream(args)
        .takeWhile(arg -> !arg.equals("--"))
        .filter(arg -> arg.startsWith("--"))
        .map(arg -> arg.replaceFirst("=.*", ""))
        .filter(option -> !known.contains(option))
        .findFirst();
  }
}
