package io.pcache.cache.stripe;

import io.pcache.index.ExtentCursor;

/**
 * Visits extents under the lock of their stripe. It copies the data it needs and must not block.
 */
@FunctionalInterface
public interface ExtentVisitor {
  /**
   * Visits the extent under the cursor. The extent is whole, even if the visited range ends inside
   * it.
   */
  void visit(ExtentCursor cursor);
}
