package io.pcache.index;

import io.pcache.format.Key;

/** Makes a range of an index missing, whatever is there: a key replaces it all, and goes again. */
public final class Removal {
  private Removal() {}

  /**
   * Makes a range missing.
   *
   * @param offsetBytes logical start; the range stays inside one subtree
   * @param lengthBytes length, a multiple of 512 above 0
   */
  public static void remove(ExtentIndex index, long offsetBytes, int lengthBytes) {
    Key key = new Key().range(offsetBytes, lengthBytes).place(0, 0);
    index.put(key);
    index.removeKey(key, index.hint(offsetBytes));
  }
}
