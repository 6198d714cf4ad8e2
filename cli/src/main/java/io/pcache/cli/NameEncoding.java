package io.pcache.cli;

import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tells names that Java cannot hold from others. The system's names are bytes, and Java puts a
 * replacement character in place of those that are no text in its encoding; a file of that name is
 * another one.
 */
final class NameEncoding {
  private static final String REPLACEMENT = "\ufffd";
  private static final Path RAW_ARGUMENTS = Path.of("/proc/self/cmdline");

  private NameEncoding() {}

  /**
   * Checks the arguments and the name of the working folder.
   *
   * @throws BadOptionException where Java has not got one of them as it is
   */
  static void check(String[] arguments) throws IOException {
    List<byte[]> raw = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].contains(REPLACEMENT)) {
        if (raw.isEmpty()) {
          raw.addAll(rawArguments());
        }
        check(arguments[i], raw.get(raw.size() - arguments.length + i));
      }
    }
    if (System.getProperty("user.dir").contains(REPLACEMENT) && !isWorkingFolderRight()) {
      throw new BadOptionException(
          "the name of the working folder is not UTF-8, and Java cannot find files there; start pcache from another"
              + " folder");
    }
  }

  private static void check(String argument, byte[] raw) {
    String decoded;
    try {
      decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
    } catch (CharacterCodingException e) {
      throw new BadOptionException(
          "'%s' is not UTF-8; give a name that is, for instance that of a symbolic link"
              .formatted(escape(raw)));
    }
    if (!decoded.equals(argument)) {
      throw new BadOptionException(
          "'%s' is no name in %s, the encoding of this locale; set LC_ALL=C.UTF-8, as bin/pcache does"
              .formatted(escape(raw), System.getProperty("sun.jnu.encoding")));
    }
  }

  /** What the process was started with, each without the zero at its end. */
  private static List<byte[]> rawArguments() throws IOException {
    byte[] all = Files.readAllBytes(RAW_ARGUMENTS);
    List<byte[]> arguments = new ArrayList<>();
    int start = 0;
    for (int end = 0; end < all.length; end++) {
      if (all[end] == 0) {
        arguments.add(Arrays.copyOfRange(all, start, end));
        start = end + 1;
      }
    }
    return arguments;
  }

  private static boolean isWorkingFolderRight() throws IOException {
    try {
      return Files.isSameFile(Path.of("").toAbsolutePath(), Path.of("."));
    } catch (InvalidPathException | NoSuchFileException e) {
      return false;
    }
  }

  private static String escape(byte[] name) {
    StringBuilder text = new StringBuilder();
    for (byte b : name) {
      if (b >= ' ' && b < 0x7f) {
        text.append((char) b);
      } else {
        text.append(String.format("\\x%02x", b & 0xff));
      }
    }
    return text.toString();
  }
}
