package io.pcache.cli;

import io.pcache.error.ErrorKind;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * A command that did not work out, as the operator sees it: one line and an exit code.
 *
 * @param exitCode of the process
 * @param message one line: what was found, what was expected, where, what to do
 * @param cause for {@code --verbose}
 */
record Failure(int exitCode, String message, Throwable cause) {
  /** The code for a failure that no {@link ErrorKind} names. */
  static final int EXIT_OTHER = 1;

  /** The code where a daemon, or a file system on the way to it, does not answer in time. */
  static final int EXIT_NO_ANSWER = 18;

  /** What to tell about an exception. */
  static Failure of(Throwable cause) {
    return switch (cause) {
      case PcacheException e -> new Failure(e.kind().exitCode(), text(e), e);
      case CommandException e -> new Failure(e.exitCode(), text(e), e);
      case IOException e -> new Failure(EXIT_OTHER, describe(e), e);
      case Exception e when e.getCause() instanceof IOException io ->
          new Failure(EXIT_OTHER, describe(io), e);
      default ->
          new Failure(
              EXIT_OTHER,
              "unexpected: " + cause + "; please report it with the output of --verbose",
              cause);
    };
  }

  /** Writes the line. Returns the exit code. */
  int report(PrintWriter err) {
    err.println("pcache: " + Printable.line(message.replace('\n', ' ')));
    err.flush();
    return exitCode;
  }

  /** Writes the line and where the failure came from. Returns the exit code. */
  int reportWithTrace(PrintWriter err) {
    int code = report(err);
    StringWriter trace = new StringWriter();
    cause.printStackTrace(new PrintWriter(trace, true));
    err.println(Printable.lines(trace.toString()));
    err.flush();
    return code;
  }

  private static String text(Throwable e) {
    String message = e.getMessage();
    return message == null ? e.toString() : message;
  }

  /** The exceptions of the file system say little more than the file's name. */
  private static String describe(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file";
      case AccessDeniedException denied ->
          denied.getFile() + ": permission denied; run as a user who may use it";
      case FileAlreadyExistsException present -> present.getFile() + ": exists already";
      case FileSystemException other when other.getReason() == null ->
          other.getFile() + ": " + other.getClass().getSimpleName();
      default -> text(e);
    };
  }
}
