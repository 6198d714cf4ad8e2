package io.pcache.testkit;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Gives tests their {@link Seed}, prints it at the start, and on failure prints one command that
 * repeats the test with it.
 *
 * <p>The seed is the system property {@code pcache.seed} where it is set; in continuous integration
 * it follows from the commit, so that a commit's result does not change by itself; else it is
 * fresh.
 */
public final class Seeds implements ParameterResolver, TestWatcher {
  /** The system property that repeats a run. */
  public static final String PROPERTY = "pcache.seed";

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(Seeds.class);
  private static final int HASH_DIGITS_IN_A_LONG = 15;

  /** Made by JUnit. */
  public Seeds() {}

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Seed.class;
  }

  @Override
  public Seed resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Supplier<Seed> otherwise = ContinuousIntegration.active() ? Seeds::ofCommit : Seeds::fresh;
    Seed seed = choose(System.getProperty(PROPERTY), otherwise);
    context.getStore(NAMESPACE).put(Seed.class, seed);
    System.out.println(
        context.getRequiredTestClass().getSimpleName()
            + " "
            + context.getDisplayName()
            + ": seed "
            + seed.value());
    return seed;
  }

  @Override
  public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
    Seed seed = context.getStore(NAMESPACE).get(Seed.class, Seed.class);
    if (seed != null) {
      System.out.println(
          "repeat this with: " + repeatCommand(context.getRequiredTestMethod(), seed));
    }
  }

  static String repeatCommand(Method test, Seed seed) {
    // -am builds the modules this one needs; without the second property they fail for having no
    // such test
    return "mvn -pl %s -am test -Dtest='%s#%s' -Dsurefire.failIfNoSpecifiedTests=false -D%s=%d"
        .formatted(
            Repository.currentModule(),
            test.getDeclaringClass().getName(),
            test.getName(),
            PROPERTY,
            seed.value());
  }

  static Seed choose(@Nullable String property, Supplier<Seed> otherwise) {
    return property == null ? otherwise.get() : new Seed(Long.decode(property));
  }

  static Seed fresh() {
    return new Seed(new SecureRandom().nextLong());
  }

  /** The seed of the commit that is built, a fresh one where there is none. */
  static Seed ofCommit() {
    return commit().map(hash -> new Seed(fromHash(hash))).orElseGet(Seeds::fresh);
  }

  static long fromHash(String commit) {
    return Long.parseLong(commit.substring(0, HASH_DIGITS_IN_A_LONG), 16);
  }

  private static Optional<String> commit() {
    return Stream.of("GITHUB_SHA", "CI_COMMIT_SHA")
        .flatMap(name -> Stream.ofNullable(System.getenv(name)))
        .findFirst()
        .or(Seeds::headOfRepository)
        .filter(hash -> hash.matches("[0-9a-f]{40,}"));
  }

  private static Optional<String> headOfRepository() {
    try {
      Process git =
          new ProcessBuilder("git", "rev-parse", "HEAD")
              .directory(Repository.root().toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return Optional.of(
          new String(git.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    } catch (IOException e) {
      return Optional.empty(); // no git here: the seed is fresh then, and printed all the same
    }
  }
}
