package io.pcache.cli;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Whose process is at the other end of a unix socket, as the system tells it. */
final class PeerUser {
  private PeerUser() {}

  /** For a client, the user who listens; for a server, the one who connected. */
  static UserPrincipal of(SocketChannel connection) throws IOException {
    return connection.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
  }

  /**
   * Whose answers a client believes: root's, its own user's, those of the cache's owner, and those
   * of the owner of the socket's folder where root alone can have made that. A cache that is not
   * there any more has no owner; its daemon may be there, and has to be asked.
   *
   * @param cache the cache that is asked for, or null where none was named
   */
  static Set<UserPrincipal> believed(Path socket, @Nullable Path cache) {
    Set<UserPrincipal> users = new HashSet<>(allowedToAsk());
    if (cache != null) {
      addOwner(users, cache);
    }
    Path folder = socket.toAbsolutePath().getParent();
    if (folder != null && PrivateFolder.onlyRootCanHaveMade(folder)) {
      addOwner(users, folder);
    }
    return users;
  }

  private static void addOwner(Set<UserPrincipal> users, Path file) {
    try {
      users.add(UserIds.ownerOf(file.toRealPath()));
    } catch (IOException e) {
      // Deleted, moved, or where this process may not look: nobody more is believed.
    }
  }

  /** Whom a daemon answers: root and its own user. */
  static Set<UserPrincipal> allowedToAsk() {
    Set<UserPrincipal> users = new HashSet<>(Set.of(UserIds.self()));
    UserIds.root().ifPresent(users::add);
    return Set.copyOf(users);
  }
}
