package io.pcache.cli;

import io.pcache.error.ErrorKind;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;

/**
 * Tells about a command line that makes no sense in one line, and where the right one is described.
 */
final class UsageFailureHandler implements IParameterExceptionHandler {
  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String message =
        String.valueOf(failure.getMessage()).replace('\n', ' ').replaceFirst("^Error: ", "");
    command.getErr().println("pcache: " + message + " (see: " + name + " --help)");
    return ErrorKind.BAD_OPTION.exitCode();
  }
}
