package io.pcache.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestBufferTest {
  private static final int MEMORY_BYTES = 4096;

  private final RequestBuffer buffer = new RequestBuffer();

  /** Any part of a buffer of any pieces is copied as if the pieces lay one behind the other. */
  @Test
  void partsAreCopiedAsIfThePiecesWereOne() {
    Random random = new Random(1);
    for (int round = 0; round < 500; round++) {
      byte[] memory = new byte[MEMORY_BYTES];
      random.nextBytes(memory);
      byte[] flat = fill(memory, 1 + random.nextInt(20), random);
      int from = random.nextInt(flat.length);
      int length = random.nextInt(flat.length - from + 1);

      byte[] got = new byte[length + 2];
      buffer.get(from, MemorySegment.ofArray(got), 1, length);
      assertThat(Arrays.copyOfRange(got, 1, 1 + length))
          .isEqualTo(Arrays.copyOfRange(flat, from, from + length));
      assertThat(got[0]).isZero();
      assertThat(got[length + 1]).isZero();

      byte[] news = new byte[length + 1];
      random.nextBytes(news);
      buffer.put(from, MemorySegment.ofArray(news), 1, length);
      System.arraycopy(news, 1, flat, from, length);
      byte[] all = new byte[flat.length];
      buffer.get(0, MemorySegment.ofArray(all), 0, all.length);
      assertThat(all).isEqualTo(flat);
    }
  }

  /** Pieces that do not overlap, in order, and what they hold one behind the other. */
  private byte[] fill(byte[] memory, int pieces, Random random) {
    buffer.removeAll();
    byte[] flat = new byte[MEMORY_BYTES];
    int room = MEMORY_BYTES / pieces;
    int end = 0;
    for (int i = 0; i < pieces; i++) {
      int length = 1 + random.nextInt(room);
      int at = i * room + random.nextInt(room - length + 1);
      buffer.add(MemorySegment.ofArray(memory), at, length);
      System.arraycopy(memory, at, flat, end, length);
      end += length;
    }
    assertThat(buffer.lengthBytes()).isEqualTo(end);
    return Arrays.copyOf(flat, end);
  }

  @Test
  void lengthsBeyondAllMemoryDoNotWrapAround() {
    MemorySegment memory = MemorySegment.ofArray(new byte[512]);
    buffer.add(memory, 0, Long.MAX_VALUE);
    buffer.add(memory, 0, Long.MAX_VALUE);
    buffer.add(memory, 0, 514);
    assertThat(buffer.lengthBytes()).isEqualTo(Long.MAX_VALUE);
    assertThat(buffer.isInsideMemory(0)).isFalse();
  }

  @Test
  void aPieceIsInsideItsMemoryOrNot() {
    MemorySegment memory = MemorySegment.ofArray(new byte[512]);
    buffer.add(memory, 0, 512);
    buffer.add(memory, 1, 512);
    buffer.add(memory, -1, 12);
    assertThat(buffer.isInsideMemory(0)).isTrue();
    assertThat(buffer.isInsideMemory(1)).isFalse();
    assertThat(buffer.isInsideMemory(2)).isFalse();
  }
}
