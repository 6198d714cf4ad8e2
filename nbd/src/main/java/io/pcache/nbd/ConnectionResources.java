package io.pcache.nbd;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * What a transmission uses of its connection and server.
 *
 * @param admission the connection's limits
 * @param buffers the server's buffers
 * @param requestsInFlight the server's count
 * @param shuttingDown whether new requests are refused
 * @param abort gives the connection up
 */
record ConnectionResources(
    Admission admission,
    BufferPool buffers,
    LongAdder requestsInFlight,
    BooleanSupplier shuttingDown,
    Runnable abort) {}
