package io.pcache.nbd;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Who is at the other end of a Unix socket. */
public final class UnixPeer {
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
      return nameOf(channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user());
    } catch (IOException e) {
      // It has been closed just now.
      return null;
    }
  }

  /** A user's name, for people. Of one who has none, the number as the system counts. */
  public static String nameOf(UserPrincipal user) {
    String name = user.getName();
    // Java takes numbers from 2^31 on for negative ones. No name of a user begins like that.
    return name.matches("-[0-9]{1,10}")
        ? Long.toString(Integer.toUnsignedLong((int) Long.parseLong(name)))
        : name;
  }
}
