package io.pcache.cache;

import io.pcache.error.Invariants;

/** A first-in first-out queue of ints with a fixed capacity. Not thread-safe. */
final class IntQueue {
  private final int[] items;
  private int first;
  private int size;

  IntQueue(int capacity) {
    items = new int[capacity];
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  void add(int item) {
    Invariants.check(size < items.length, "a queue of segments holds each at most once");
    items[(first + size) % items.length] = item;
    size++;
  }

  int remove() {
    Invariants.check(size > 0, "only a queue with items gives one");
    int item = items[first];
    first = (first + 1) % items.length;
    size--;
    return item;
  }
}
