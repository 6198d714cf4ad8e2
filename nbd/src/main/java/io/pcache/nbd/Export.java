package io.pcache.nbd;

import io.pcache.block.BlockDevice;

/**
 * A device under the name by which clients ask for it.
 *
 * @param name canonical name
 * @param device what is served
 */
record Export(String name, BlockDevice device) {}
