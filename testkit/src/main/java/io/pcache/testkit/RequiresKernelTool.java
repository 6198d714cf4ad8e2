package io.pcache.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test attaches devices to a real kernel through {@link KernelTool}. Where there is none the
 * test is skipped and says how to get it; it fails instead with {@code CI=true} in the environment
 * where the folder that should hold it is there.
 */
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresKernelToolCondition.class)
public @interface RequiresKernelTool {}
