package io.pcache.nbd;

import org.jspecify.annotations.Nullable;

/**
 * What one client is doing.
 *
 * @param peer the connection as logs name it: the client's address, or that of the Unix socket, and
 *     a number
 * @param user name of the user whose process connected, or its number where it has no name; null
 *     where the system does not tell, as over TCP
 * @param export the export's name; null until the handshake is over
 * @param sinceEpochMillis when it connected
 * @param requestsInFlight requests taken and not answered yet
 * @param bytesInFlight buffer bytes those requests hold
 */
public record ConnectionStatus(
    String peer,
    @Nullable String user,
    @Nullable String export,
    long sinceEpochMillis,
    int requestsInFlight,
    long bytesInFlight) {}
