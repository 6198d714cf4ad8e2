package io.pcache.stress.model;

import io.pcache.block.BlockRequest;
import io.pcache.error.BackingFailureException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The completion runs once, sees what every part wrote, though the parts know nothing of each
 * other, and reports one of their failures.
 */
@JCStressTest
@State
@Outcome(id = "1, 1, 11", expect = Expect.ACCEPTABLE, desc = "with the first part's failure")
@Outcome(id = "1, 1, 12", expect = Expect.ACCEPTABLE, desc = "with the second part's failure")
@Outcome(expect = Expect.FORBIDDEN, desc = "without a part or a failure, twice, or never")
public class RequestCompletion {
  private final TwoParts request = new TwoParts();
  private int first;
  private int second;
  private int seenFirst;
  private int seenSecond;
  private int reported;
  private int completions;

  /** One part. */
  @Actor
  public void firstPart() {
    first = 1;
    request.fail(new BackingFailureException("first"));
    request.release();
  }

  /** The other. */
  @Actor
  public void secondPart() {
    second = 1;
    request.fail(new MediaFailureException("second"));
    request.release();
  }

  /** What the completion saw. */
  @Arbiter
  public void look(III_Result result) {
    result.r1 = seenFirst;
    result.r2 = seenSecond;
    result.r3 = 10 * completions + reported;
  }

  private final class TwoParts extends BlockRequest {
    TwoParts() {
      prepareFlush();
      begin();
      retain();
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      seenFirst = first;
      seenSecond = second;
      reported =
          switch (cause) {
            case BackingFailureException _ -> 1;
            case MediaFailureException _ -> 2;
            case null, default -> 0;
          };
      completions++;
    }
  }
}
