package io.pcache.testkit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Keeps the engine from logging faults, for {@link ExtendWith} on tests that inject thousands. */
public final class QuietHealth implements BeforeAllCallback, AfterAllCallback {
  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("io.pcache.cache.health");
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    logger().setLevel(Level.OFF);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    logger().setLevel(null);
  }
}
