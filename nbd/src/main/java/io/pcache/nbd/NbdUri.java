package io.pcache.nbd;

import java.nio.charset.StandardCharsets;

/** Writes the addresses that NBD clients take. */
final class NbdUri {
  private static final String PLAIN =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

  private NbdUri() {}

  /** Where clients find an export. */
  static String of(ListenAddress address, String exportName) {
    String name = escape(exportName);
    return switch (address) {
      case ListenAddress.Unix(var path) ->
          "nbd+unix:///" + name + "?socket=" + escape(path.toAbsolutePath().toString());
      case ListenAddress.Tcp tcp -> "nbd://" + tcp + "/" + name;
    };
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (PLAIN.indexOf(b) >= 0) {
        escaped.append((char) b);
      } else {
        escaped.append(String.format("%%%02X", b & 0xff));
      }
    }
    return escaped.toString();
  }
}
