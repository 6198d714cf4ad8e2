/**
 * The server side of the NBD protocol: {@link io.pcache.nbd.NbdServer} serves block devices on Unix
 * sockets and TCP.
 *
 * <pre>
 * Listener ─ accepts ─▶ Connection ─ Negotiation ─▶ Transmission
 *   receives   SocketInput ─▶ RequestFrame ─▶ RequestCheck ─▶ RequestPool (Admission, BufferPool) ─▶ BlockDevice.submit
 *   replies    completed on the connection's thread ─▶ ReplyWriter, gathered ─┐
 *              completed elsewhere ─▶ ReplySender's thread ─▶ ReplyWriter ────┴▶ SocketOutput
 * </pre>
 *
 * <p>Invariants: a buffer belongs to the device from submission to completion and returns to its
 * pool only after that; a thread of the device never waits for a client; a connection waits for
 * memory only while it holds nothing that another needs; whichever way a connection ends, its
 * threads, buffers and limits are given back.
 */
@NullMarked
package io.pcache.nbd;

import org.jspecify.annotations.NullMarked;
