package io.pcache.log;

import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The keys of one stripe that are visible to readers but not in the log yet, in the order in which
 * they became visible.
 *
 * <p>Thread-safety: the caller holds the stripe's lock for every method. Keys are appended under
 * the lock that guards the index. Therefore the log has the same order as the index changes.
 */
public final class KeySetStage {
  private final StagedKeysPool pool;
  private final ArrayDeque<StagedKeys> full = new ArrayDeque<>();
  private StagedKeys current;

  /** Creates an empty stage. */
  public KeySetStage(StagedKeysPool pool) {
    this.pool = pool;
    this.current = StagedKeys.NONE;
  }

  /** Makes room for one more key. After that, {@link #append} does not fail. */
  public void makeRoom() {
    if (current.isFull()) {
      StagedKeys next = pool.take();
      if (current != StagedKeys.NONE) {
        full.addLast(current);
      }
      current = next;
    }
  }

  /**
   * Stages a key.
   *
   * @return the number of staged keys, including this one
   */
  public int append(Key key) {
    makeRoom();
    current.append(key);
    return count();
  }

  /** Returns the number of staged keys. */
  public int count() {
    return full.size() * KeySetRecord.MAX_KEYS + current.count();
  }

  /** Moves all keys to {@code target}, oldest first. */
  public void drainTo(List<StagedKeys> target) {
    drainWhereCurrentHas(1, target);
  }

  /** Moves full key sets to {@code target}, oldest first. A partly filled one stays. */
  public void drainFullTo(List<StagedKeys> target) {
    drainWhereCurrentHas(KeySetRecord.MAX_KEYS, target);
  }

  private void drainWhereCurrentHas(int atLeastKeys, List<StagedKeys> target) {
    while (!full.isEmpty()) {
      target.add(full.pollFirst());
    }
    if (current.count() >= atLeastKeys) {
      target.add(current);
      current = StagedKeys.NONE;
    }
  }
}
