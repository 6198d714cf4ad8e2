package io.pcache.nbd;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What a transmission uses of its connection and server.
 *
 * @param admission the connection's limits
 * @param buffers the server's buffers
 * @param requestsInFlight the server's count
 * @param shuttingDown whether new requests are refused
 * @param abort gives the connection up
 * @param fail gives the connection up because of a fault that is not the client's
 */
record ConnectionResources(
    Admission admission,
    BufferPool buffers,
    LongAdder requestsInFlight,
    BooleanSupplier shuttingDown,
    Runnable abort,
    Consumer<Throwable> fail) {}
