package io.pcache.nativeio;

import io.pcache.error.BadOptionException;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;

/**
 * The name of a file as the system takes it. To the system a name is bytes; Java keeps them, and
 * shows them as text in an encoding that follows from the locale and does not hold all names.
 */
final class PathBytes {
  private static final int HEX = 16;

  private PathBytes() {}

  /**
   * The bytes of a path, relative where it is relative.
   *
   * @throws BadOptionException where it is not a path of the machine's own file system
   */
  static byte[] of(Path path) {
    // A URI is the one form in which Java gives the bytes out. It names absolute paths only.
    String escaped = path.getFileSystem().getPath("/").resolve(path).toUri().getRawPath();
    if (escaped == null) {
      throw new BadOptionException(path + ": not a path of this machine's file system");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(escaped.length());
    for (int at = path.isAbsolute() ? 0 : 1; at < escaped.length(); at++) {
      char next = escaped.charAt(at);
      if (next == '%') {
        bytes.write(Integer.parseInt(escaped, at + 1, at + 3, HEX));
        at += 2;
      } else {
        bytes.write(next);
      }
    }
    return bytes.toByteArray();
  }
}
