package io.pcache.cache.stripe;

import io.pcache.index.ExtentCursor;

/**
 * Is shown extents, under the lock of their stripe: it copies what it needs and waits for nothing.
 */
@FunctionalInterface
public interface ExtentVisitor {
  /** The extent under the cursor, whole, also where the range that is visited ends inside it. */
  void visit(ExtentCursor cursor);
}
