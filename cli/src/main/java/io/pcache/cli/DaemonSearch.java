package io.pcache.cli;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks the first daemon that can be asked on one of several control sockets. A killed daemon leaves
 * its socket, and the next one may have found no room beside it; somebody else may have made one.
 */
final class DaemonSearch {
  private final List<Path> sockets;
  private final @Nullable Path cache;
  private final AnswerLimit limit;
  private final PrintWriter notes;

  /**
   * A search for one daemon.
   *
   * @param sockets where it may be, the best first; at least one
   * @param cache see {@link ControlClient}
   * @param limit see {@link ControlClient}
   * @param notes where to tell of a stranger who was passed over
   */
  DaemonSearch(List<Path> sockets, @Nullable Path cache, AnswerLimit limit, PrintWriter notes) {
    this.sockets = List.copyOf(sockets);
    this.cache = cache;
    this.limit = limit;
    this.notes = notes;
  }

  /**
   * Sends a request to the first daemon that takes the connection and is believed, and waits for
   * its reply. Whatever such a daemon does counts: one that does not answer in time is the daemon.
   * Where no socket has one, the first socket's failure is thrown.
   *
   * @throws ClosedException as {@link ControlClient#call} does, like all others
   */
  ControlReply call(ControlRequest request) throws IOException {
    List<RuntimeException> passedOver = new ArrayList<>();
    for (Path socket : sockets) {
      try {
        ControlReply reply = new ControlClient(socket, cache, limit).call(request);
        tellOfStrangers(passedOver, socket);
        return reply;
      } catch (ClosedException | BadOptionException | UnreachableDaemonException e) {
        passedOver.add(e);
      }
    }
    throw passedOver.getFirst();
  }

  private void tellOfStrangers(List<RuntimeException> passedOver, Path answered) {
    for (RuntimeException failure : passedOver) {
      if (failure instanceof StrangerException) {
        notes.println(
            Printable.line(
                "pcache: note: %s. The answer is from %s"
                    .formatted(failure.getMessage(), answered)));
      }
    }
    notes.flush();
  }
}
