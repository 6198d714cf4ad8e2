package io.pcache.cache.segment;

import io.pcache.error.Invariants;

/** A first-in first-out queue of ints with a fixed capacity. Not thread-safe. */
public final class IntQueue {
  private final int[] items;
  private int first;
  private int size;

  public IntQueue(int capacity) {
    items = new int[capacity];
  }

  public boolean isEmpty() {
    return size == 0;
  }

  public int size() {
    return size;
  }

  public void add(int item) {
    Invariants.check(size < items.length, "a queue of segments holds each at most once");
    items[(first + size) % items.length] = item;
    size++;
  }

  public int remove() {
    Invariants.check(size > 0, "only a queue with items gives one");
    int item = items[first];
    first = (first + 1) % items.length;
    size--;
    return item;
  }
}
