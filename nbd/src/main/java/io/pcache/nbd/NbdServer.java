package io.pcache.nbd;

import io.pcache.agent.AgentThread;
import io.pcache.agent.Clock;
import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves block devices over the NBD protocol: fixed newstyle, on Unix sockets and TCP, with
 * structured replies, extended headers, and block status.
 *
 * <p>A connection in its handshake takes no thread. Afterwards it has one that receives and carries
 * out requests, and one that answers what completes elsewhere. Memory is bounded for each
 * connection and for all together; a client that asks for more waits in its socket.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class NbdServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);
  private static final long MAX_WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int WATCHES_PER_TIMEOUT = 4;

  private final ServerShared shared;
  private final Clock clock;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final List<Listener> listeners = new ArrayList<>();
  private final LongAdder accepted = new LongAdder();
  private final HandshakeLoop handshakes;
  private final Watchdog watch;
  private final AgentThread watchdog;

  /** Keeps new connections and closing apart. */
  private final ReentrantLock admissionLock = new ReentrantLock();

  private NbdServer(
      ServerShared shared, HandshakeLoop handshakes, List<BoundSocket> sockets, Clock clock) {
    this.shared = shared;
    this.handshakes = handshakes;
    this.clock = clock;
    for (BoundSocket socket : sockets) {
      listeners.add(new Listener(socket, this::accept));
    }
    long stallNanos = shared.options().stallTimeout().toNanos();
    this.watch = new Watchdog(connections, shared.budget(), stallNanos, clock);
    this.watchdog = AgentThread.start(watch, watchNanos(shared.options()));
    listeners.forEach(Listener::start);
  }

  /**
   * Listens and serves.
   *
   * @param exports the devices by the names clients ask for; stay open until the server is closed
   * @throws io.pcache.error.BadOptionException if an address cannot be used or a name makes no
   *     sense
   * @throws io.pcache.error.DeviceInUseException if another process listens there
   */
  public static NbdServer start(NbdServerOptions options, Map<String, BlockDevice> exports) {
    return start(options, exports, SystemClock.INSTANCE);
  }

  /** The same with the time of a test. */
  static NbdServer start(NbdServerOptions options, Map<String, BlockDevice> exports, Clock clock) {
    ServerShared shared =
        new ServerShared(options, new Exports(exports, options.defaultExport()), clock);
    NbdServer server = start(shared, HandshakeLoop.start(), clock);
    LOG.info("serving {} at {}", exports.keySet(), server.addresses());
    return server;
  }

  private static NbdServer start(ServerShared shared, HandshakeLoop handshakes, Clock clock) {
    NbdServer server = null;
    try {
      server = new NbdServer(shared, handshakes, bindAll(shared.options().listen()), clock);
      return server;
    } finally {
      if (server == null) {
        handshakes.close();
      }
    }
  }

  private static List<BoundSocket> bindAll(List<ListenAddress> addresses) {
    List<BoundSocket> sockets = new ArrayList<>();
    boolean complete = false;
    try {
      for (ListenAddress address : addresses) {
        sockets.add(BoundSocket.bind(address));
      }
      complete = true;
      return sockets;
    } finally {
      if (!complete) {
        sockets.forEach(NbdServer::closeQuietly);
      }
    }
  }

  private static void closeQuietly(BoundSocket socket) {
    try {
      socket.close(Patience.standard());
    } catch (IOException e) {
      LOG.warn("{}: the socket could not be removed: {}", socket.address(), e.getMessage());
    }
  }

  private static long watchNanos(NbdServerOptions options) {
    long shortest =
        Math.min(options.handshakeTimeout().toNanos(), options.stallTimeout().toNanos());
    return Math.min(MAX_WATCH_NANOS, shortest / WATCHES_PER_TIMEOUT);
  }

  private void accept(SocketChannel channel, String peer) {
    admissionLock.lock();
    try {
      if (shared.isShuttingDown()) {
        refuse(channel, peer, Dismissal.CLOSING, "the server closes");
      } else if (connections.size() >= shared.options().maxConnections()) {
        String limit = "as many clients are connected as may be, " + connections.size();
        refuse(channel, peer, Dismissal.CONNECTION_LIMIT, limit);
      } else {
        admit(channel, peer);
      }
    } finally {
      admissionLock.unlock();
    }
  }

  private void refuse(SocketChannel channel, String peer, Dismissal why, String details) {
    shared.dismissals().add(why, peer, details);
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("{}: closing failed: {}", peer, e.toString());
    }
  }

  private void admit(SocketChannel channel, String peer) {
    try {
      admit(handshakes.take(channel), peer);
    } catch (IOException e) {
      refuse(channel, peer, Dismissal.NO_RESOURCES, "it cannot be watched: " + e.getMessage());
    }
  }

  private void admit(HandshakeChannel channel, String peer) {
    Connection connection = new Connection(channel, peer, shared, clock, connections::remove);
    boolean unused = connections.add(connection);
    boolean started = false;
    try {
      connection.start();
      started = true;
      accepted.increment();
    } finally {
      if (!started) {
        channel.abandon();
        shared.dismissals().add(Dismissal.NO_RESOURCES, peer, "its threads could not be started");
        boolean unusedToo = connections.remove(connection);
      }
    }
  }

  /** Where the server listens, with the ports it got. */
  public List<ListenAddress> addresses() {
    return listeners.stream().map(Listener::address).toList();
  }

  /** The URI of every export at every address, as NBD clients take it. */
  public List<String> uris() {
    List<String> uris = new ArrayList<>();
    for (ListenAddress address : addresses()) {
      for (Export export : shared.exports().all()) {
        uris.add(NbdUri.of(address, export.name()));
      }
    }
    return uris;
  }

  /** What the server is doing. */
  public NbdServerStatus status() {
    List<ConnectionStatus> oldest =
        connections.stream()
            .sorted(Comparator.comparing(Connection::startedNanos, (a, b) -> Long.signum(a - b)))
            .limit(NbdServerStatus.MAX_LISTED)
            .map(Connection::status)
            .toList();
    return new NbdServerStatus(
        connections.size(),
        shared.options().maxConnections(),
        accepted.sum(),
        shared.dismissals().counts(),
        shared.requestsInFlight().intValue(),
        shared.buffers().usedBytes(),
        (int) connections.stream().filter(connection -> connection.stalledNanos() > 0).count(),
        shared.budget().waiters(),
        shared.socketBuffers().usedBytes(),
        oldest);
  }

  /** Looks after slow clients now, and not only when it is time to. */
  void watch() {
    int unused = watch.doWork();
  }

  /**
   * Closes in order: takes no more connections, refuses new requests with {@code NBD_ESHUTDOWN},
   * lets requests in flight complete and their replies be sent, and closes all connections. What
   * does not get on for the close timeout is given up. A request that the device still holds then
   * keeps its buffer until it completes, and a thread that the device holds is left to it. Can be
   * repeated.
   */
  @Override
  public void close() {
    long limitNanos = shared.options().closeTimeout().toNanos();
    close(new Patience(clock, limitNanos, (what, quietNanos) -> {}));
  }

  /** The same with a patience of the caller's choice instead of the close timeout. */
  public void close(Patience patience) {
    admissionLock.lock();
    try {
      shared.shutDown();
    } finally {
      admissionLock.unlock();
    }
    listeners.forEach(listener -> listener.close(patience));
    endConnections(patience);
    awaitRequests(patience);
    handshakes.close();
    watchdog.close();
    shared.freeBuffers();
  }

  private void endConnections(Patience patience) {
    List<Connection> ending = new ArrayList<>(connections);
    BooleanSupplier allEnd =
        () -> {
          var _ = ending.removeIf(Connection::endWhenIdle);
          return ending.isEmpty() && connections.isEmpty();
        };
    if (patience.await("the clients' requests", this::moves, allEnd)) {
      return;
    }
    List<Connection> left = List.copyOf(connections);
    left.forEach(Connection::cutOffUnfinished);
    left.forEach(Connection::abort);
    if (!patience.await("the clients' connections", this::moves, connections::isEmpty)) {
      LOG.warn("{} connections are left to a device that does not answer", connections.size());
    }
  }

  /** Changes as requests and connections end; no new ones begin. */
  private long moves() {
    return shared.requestsInFlight().sum() + connections.size();
  }

  private void awaitRequests(Patience patience) {
    LongAdder inFlight = shared.requestsInFlight();
    if (!patience.await("the clients' requests", this::moves, () -> inFlight.sum() == 0)) {
      LOG.warn(
          "closed with {} requests still at the device; their clients got no reply",
          inFlight.sum());
    }
  }
}
