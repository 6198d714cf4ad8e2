package io.pcache.bench;

import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * One thread's way through a device: its request, its buffer, and the blocks that it chooses. One
 * request at a time; nothing is allocated for any. Not thread-safe.
 */
final class BlockClient {
  private final BlockDevice device;
  private final MemorySegment block;
  private final int blocks;
  private final SplittableRandom random;
  private final AwaitedRequest request = new AwaitedRequest();
  private int next;

  /** Creates a client whose choices follow from {@code seed}. */
  BlockClient(BlockDevice device, int blockBytes, long seed) {
    this.device = device;
    this.block = Arena.ofAuto().allocate(blockBytes, blockBytes).fill((byte) 3);
    this.blocks = Math.toIntExact(device.sizeBytes() / blockBytes);
    this.random = new SplittableRandom(seed);
    this.next = random.nextInt(blocks);
  }

  /** How many blocks the device has. */
  int blocks() {
    return blocks;
  }

  /** Whether chance, {@code percent} in a hundred, will have it. */
  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  /** Where a random block starts. */
  long randomOffsetBytes() {
    return random.nextInt(blocks) * block.byteSize();
  }

  /** Where the block after the last one of these starts. */
  long nextOffsetBytes() {
    next = next + 1 == blocks ? 0 : next + 1;
    return next * block.byteSize();
  }

  /** Writes a block and waits for it. */
  void write(long offsetBytes) {
    request.prepareWrite(offsetBytes, block);
    request.runOn(device);
  }

  /** Writes a block and waits until it is durable. */
  void writeDurably(long offsetBytes) {
    request.prepareWrite(offsetBytes, block);
    request.completeWhenDurable();
    request.runOn(device);
  }

  /** Reads a block and waits for it. */
  void read(long offsetBytes) {
    request.prepareRead(offsetBytes, block);
    request.runOn(device);
  }

  /** Makes all that was written durable. */
  void flush() {
    request.prepareFlush();
    request.runOn(device);
  }

  /** Writes zeroes over the whole device. */
  void zeroAll() {
    request.prepareWriteZeroes(0, device.sizeBytes());
    request.runOn(device);
  }
}
