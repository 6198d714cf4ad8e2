package io.pcache.nbd;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Who is at the other end of a Unix socket. */
final class UnixPeer {
  private UnixPeer() {}

  /**
   * The name of the user whose process connected, for people. May ask the system's directory of
   * users, which may take its time.
   *
   * @return null where the system does not tell
   */
  static @Nullable String userOf(SocketChannel channel) {
    if (!channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)) {
      return null;
    }
    try {
      return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
    } catch (IOException e) {
      // It has been closed just now.
      return null;
    }
  }
}
