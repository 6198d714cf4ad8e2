package io.pcache.nbd;

import io.pcache.error.BadOptionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a server listens and what it allows. Immutable; made by {@link #builder()}.
 *
 * @param listen where to listen, at least one address
 * @param defaultExport which export the empty name stands for; empty means the only one
 * @param maxConnections connections open at the same time, 1–10000; more are closed at once
 * @param maxRequestsPerConnection requests in flight on one connection, 1–65536; further ones wait
 *     in the socket
 * @param maxBytesPerConnection payload in flight on one connection, at least 32 MiB
 * @param maxBytes payload in flight on all connections, at least 32 MiB; on top of it, each
 *     connection always has 1 MiB
 * @param handshakeTimeout how long a client may take until transmission
 * @param stallTimeout how long a client may stand still in the middle of a request or reply while
 *     others wait for memory; as long as none has waited for this time, it may for ever
 * @param closeTimeout how long closing waits for requests in flight
 */
public record NbdServerOptions(
    List<ListenAddress> listen,
    String defaultExport,
    int maxConnections,
    int maxRequestsPerConnection,
    long maxBytesPerConnection,
    long maxBytes,
    Duration handshakeTimeout,
    Duration stallTimeout,
    Duration closeTimeout) {
  /** The largest payload of one request, in bytes. */
  public static final int MAX_PAYLOAD_BYTES = 32 << 20;

  /** The highest limit of connections that can be chosen. */
  public static final int MAX_CONNECTIONS = 10_000;

  /** The limit of connections where none is chosen. */
  public static final int DEFAULT_MAX_CONNECTIONS = 64;

  /** Payload in flight on all connections where no other limit is chosen. */
  public static final long DEFAULT_MAX_BYTES = 256L << 20;

  /** How long a handshake may take where nothing else is chosen. */
  public static final Duration DEFAULT_HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

  /** How long a client may stand still while others wait, where nothing else is chosen. */
  public static final Duration DEFAULT_STALL_TIMEOUT = Duration.ofSeconds(5);

  /** Checks every bound. */
  public NbdServerOptions {
    listen = List.copyOf(listen);
    if (listen.isEmpty()) {
      throw new BadOptionException(
          "no listen address; expected at least one, as in unix:PATH or HOST:PORT");
    }
    requireRange("connections", maxConnections, 1, MAX_CONNECTIONS);
    requireRange("requests per connection", maxRequestsPerConnection, 1, 65_536);
    requireRange(
        "bytes in flight per connection",
        maxBytesPerConnection,
        MAX_PAYLOAD_BYTES,
        Long.MAX_VALUE / 2);
    requireRange("bytes in flight", maxBytes, MAX_PAYLOAD_BYTES, Long.MAX_VALUE / 2);
    requirePositive("handshake timeout", handshakeTimeout);
    requirePositive("stall timeout", stallTimeout);
    requirePositive("close timeout", closeTimeout);
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  private static void requireRange(String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new BadOptionException(
          "limit of " + what + " is " + value + ", expected " + least + " to " + most);
    }
  }

  private static void requirePositive(String what, Duration value) {
    if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(Duration.ofDays(365)) > 0) {
      throw new BadOptionException(what + " is " + value + ", expected 1 ms to 365 days");
    }
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private final List<ListenAddress> listen = new ArrayList<>();
    private String defaultExport = "";
    private int maxConnections = DEFAULT_MAX_CONNECTIONS;
    private int maxRequestsPerConnection = 256;
    private long maxBytesPerConnection = 64L << 20;
    private long maxBytes = DEFAULT_MAX_BYTES;
    private Duration handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT;
    private Duration stallTimeout = DEFAULT_STALL_TIMEOUT;
    private Duration closeTimeout = Duration.ofSeconds(10);

    private Builder() {}

    /** Adds an address to listen on. */
    public Builder listen(ListenAddress address) {
      listen.add(address);
      return this;
    }

    /** Adds an address to listen on, as {@link ListenAddress#parse} reads it. */
    public Builder listen(String address) {
      return listen(ListenAddress.parse(address));
    }

    /** The export that the empty name stands for. Default: the only one. */
    Builder defaultExport(String name) {
      defaultExport = name;
      return this;
    }

    /** Connections open at the same time. Default {@link #DEFAULT_MAX_CONNECTIONS}. */
    public Builder maxConnections(int count) {
      maxConnections = count;
      return this;
    }

    /** Requests in flight on one connection. Default 256. */
    Builder maxRequestsPerConnection(int count) {
      maxRequestsPerConnection = count;
      return this;
    }

    /** Payload bytes in flight on one connection. Default 64 MiB. */
    Builder maxBytesPerConnection(long bytes) {
      maxBytesPerConnection = bytes;
      return this;
    }

    /** Payload bytes in flight on all connections. Default {@link #DEFAULT_MAX_BYTES}. */
    public Builder maxBytes(long bytes) {
      maxBytes = bytes;
      return this;
    }

    /** How long a client may take until transmission. */
    public Builder handshakeTimeout(Duration timeout) {
      handshakeTimeout = timeout;
      return this;
    }

    /** How long a client may stand still in the middle of a message while others wait. */
    public Builder stallTimeout(Duration timeout) {
      stallTimeout = timeout;
      return this;
    }

    /** How long closing waits for requests in flight. Default 10 s. */
    Builder closeTimeout(Duration timeout) {
      closeTimeout = timeout;
      return this;
    }

    /**
     * The options.
     *
     * @throws BadOptionException if one is out of its range
     */
    public NbdServerOptions build() {
      return new NbdServerOptions(
          listen,
          defaultExport,
          maxConnections,
          maxRequestsPerConnection,
          maxBytesPerConnection,
          maxBytes,
          handshakeTimeout,
          stallTimeout,
          closeTimeout);
    }
  }
}
