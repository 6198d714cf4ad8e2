package io.pcache.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test reads and writes, or runs, these files or devices. Where one is missing or may not be
 * used the test is skipped and names it; with {@code CI=true} in the environment it fails.
 */
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresFileCondition.class)
public @interface RequiresFile {
  /** Absolute paths, or paths relative to the repository's top folder. */
  String[] value();
}
