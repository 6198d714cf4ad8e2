package io.pcache.nbd;

import io.pcache.error.BadOptionException;
import java.nio.file.Path;

/** Where a server listens. Immutable. */
public sealed interface ListenAddress {
  /**
   * A socket in the file system.
   *
   * @param path the socket's file
   */
  record Unix(Path path) implements ListenAddress {
    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /**
   * A TCP port.
   *
   * @param host name or numeric address, without brackets
   * @param port 0–65535; 0 takes a free one
   */
  record Tcp(String host, int port) implements ListenAddress {
    /** Checks the port. */
    public Tcp {
      if (port < 0 || port > 65535) {
        throw new BadOptionException(
            "port " + port + " of listen address " + host + ": expected 0 to 65535");
      }
    }

    @Override
    public String toString() {
      return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /**
   * Reads {@code unix:PATH}, {@code HOST:PORT}, {@code [ADDRESS]:PORT} or {@code :PORT}, which
   * means loopback.
   *
   * @throws BadOptionException if it is none of these
   */
  static ListenAddress parse(String text) {
    return text.startsWith("unix:") ? parseUnix(text) : parseTcp(text);
  }

  private static ListenAddress parseUnix(String text) {
    String path = text.substring("unix:".length());
    if (path.isEmpty() || path.indexOf('\0') >= 0) {
      throw malformed(text, "there is no usable path after unix:");
    }
    return new Unix(Path.of(path));
  }

  private static ListenAddress parseTcp(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      throw malformed(text, "there is no port");
    }
    return new Tcp(
        parseHost(text, text.substring(0, colon)), parsePort(text, text.substring(colon + 1)));
  }

  private static String parseHost(String text, String host) {
    if (host.isEmpty()) {
      return "127.0.0.1";
    }
    if (host.startsWith("[") && host.endsWith("]") && host.length() > 2) {
      return host.substring(1, host.length() - 1);
    }
    if (host.indexOf(':') >= 0 || host.indexOf('[') >= 0) {
      throw malformed(text, "a numeric IPv6 address goes in brackets");
    }
    return host;
  }

  private static int parsePort(String text, String port) {
    if (port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw malformed(text, "the port is not a number from 0 to 65535");
    }
    return Integer.parseInt(port);
  }

  private static BadOptionException malformed(String text, String why) {
    return new BadOptionException(
        "listen address '" + text + "': " + why + "; expected unix:PATH or HOST:PORT");
  }
}
