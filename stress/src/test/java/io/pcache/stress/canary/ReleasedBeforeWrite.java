package io.pcache.stress.canary;

import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A part that is released before it is done: wrong, and seen to be wrong. */
@JCStressTest
@State
@Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "both parts")
@Outcome(expect = Expect.FORBIDDEN, desc = "a part was not done")
public class ReleasedBeforeWrite {
  private final TwoParts request = new TwoParts();
  private int first;
  private int second;
  private int seen;

  /** One part. */
  @Actor
  public void firstPart() {
    request.release();
    first = 1;
  }

  /** The other. */
  @Actor
  public void secondPart() {
    second = 1;
    request.release();
  }

  /** What the completion saw. */
  @Arbiter
  public void look(I_Result result) {
    result.r1 = seen;
  }

  private final class TwoParts extends BlockRequest {
    TwoParts() {
      prepareFlush();
      begin();
      retain();
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      seen = first + second;
    }
  }
}
