/**
 * The backing device: {@link io.pcache.backing.BackingDevice} with its pooled requests, queues and
 * workers. Below it a {@link io.pcache.backing.BackingStore} only transfers bytes, and blocks.
 *
 * <p>The rules of this package:
 *
 * <ul>
 *   <li>The pool bounds all work. Queues are linked through the requests, so an existing request
 *       can always be submitted. Submitting never blocks, and never fails for lack of room.
 *   <li>Callbacks run under no lock, on the completion worker. They run on the calling thread for
 *       {@link io.pcache.backing.BackingDevice#execute}, and once the device is closed. A callback
 *       on the completion worker never waits for another completion.
 *   <li>No lock is held across a transfer or a callback.
 *   <li>Overlapping requests that are in flight together are carried out in any order.
 * </ul>
 */
@NullMarked
package io.pcache.backing;

import org.jspecify.annotations.NullMarked;
