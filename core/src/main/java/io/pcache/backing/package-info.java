/**
 * The backing device: {@link io.pcache.backing.BackingDevice} with its pooled requests, queues and
 * workers, on top of a {@link io.pcache.backing.BackingStore} that only moves bytes and blocks.
 *
 * <p>What holds here:
 *
 * <ul>
 *   <li>The pool bounds everything. Queues are linked through the requests, so a request that
 *       exists can always be submitted, and submitting never blocks and never fails for want of
 *       room.
 *   <li>Callbacks run on the completion worker and nowhere else (on the submitting thread once the
 *       device is closed), under no lock. Nothing that a callback may do waits for another
 *       completion.
 *   <li>No lock is held across a transfer or a callback.
 *   <li>Requests that overlap and are in flight together are carried out in any order.
 * </ul>
 */
@NullMarked
package io.pcache.backing;

import org.jspecify.annotations.NullMarked;
