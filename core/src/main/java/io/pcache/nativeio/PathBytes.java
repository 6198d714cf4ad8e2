package io.pcache.nativeio;

import io.pcache.error.BadOptionException;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;

/**
 * File names as the system takes them. To the system a name consists of bytes. Java keeps these
 * bytes, but shows them as text in the locale's encoding, which cannot represent all names.
 */
final class PathBytes {
  private static final int HEX = 16;

  private PathBytes() {}

  /**
   * Returns the bytes of a path; a relative path stays relative.
   *
   * @throws BadOptionException if it is not a path of the machine's own file system
   */
  static byte[] of(Path path) {
    // Java reveals the bytes only in a URI, and a URI names only absolute paths.
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
