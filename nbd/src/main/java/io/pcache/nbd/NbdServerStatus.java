package io.pcache.nbd;

/**
 * What a server is doing, each number a snapshot of its own.
 *
 * @param connectionsOpen connections open now, those in the handshake included
 * @param connectionsAccepted connections served since the start
 * @param connectionsRefused connections closed at once because of the limit
 * @param connectionsDropped connections ended by the server: rubbish, time-outs, failures
 * @param requestsInFlight requests taken and not answered yet
 * @param payloadBytesInFlight buffer bytes those requests hold
 */
public record NbdServerStatus(
    int connectionsOpen,
    long connectionsAccepted,
    long connectionsRefused,
    long connectionsDropped,
    int requestsInFlight,
    long payloadBytesInFlight) {}
