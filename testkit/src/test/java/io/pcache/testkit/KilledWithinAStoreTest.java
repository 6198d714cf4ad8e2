package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.format.MediaLayout;
import io.pcache.log.LogEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A process that is killed between a store of cache lines and their write-back. */
@ExtendWith({Seeds.class, QuietHealth.class})
class KilledWithinAStoreTest {
  private static final int SEGMENTS = 4;
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  private static final CrashFate ALL_LOST =
      new CrashFate() {
        @Override
        public int takenBack(long unit, int writes) {
          return writes;
        }

        @Override
        public boolean tears() {
          return false;
        }

        @Override
        public boolean tearsOff() {
          return false;
        }
      };

  private static SteppedCache open(CrashMedia media, SimulatedStore store) {
    ManualClock clock = new ManualClock();
    return SteppedCache.open(
        media, store, clock, SteppedCache.tuning(clock, 1, 1), LogEnd.Writer.PCACHE);
  }

  private static void killWithin(CrashMedia media, int write) {
    media.listen(
        new CrashMedia.StepListener() {
          private int writes;

          @Override
          public void beforeStep(CrashMedia.Step step) {
            // The kill comes behind a store.
          }

          @Override
          public void afterWrite() {
            if (++writes == write) {
              media.cutPowerAt(media.steps());
              throw new PowerCut("killed within write " + write);
            }
          }
        });
  }

  /** No agent works meanwhile, so nothing is written back. */
  private static void writeAndFlush(SteppedCache cache, long offsetBytes, int id) {
    SteppedRequest write = SteppedCache.writeRequest(offsetBytes, SECTOR, id);
    cache.submit(write);
    assertThat(write.isDone()).isTrue();
    assertThat(write.failure()).isNull();
    SteppedRequest flush = SteppedCache.flushRequest();
    cache.submit(flush);
    assertThat(flush.isDone()).isTrue();
    assertThat(flush.failure()).isNull();
  }

  /** Returns whether it came to its end. */
  private static boolean live(CrashMedia media, SimulatedStore store) {
    try {
      SteppedCache cache = open(media, store);
      for (int i = 0; i < 4; i++) {
        writeAndFlush(cache, (long) i * SECTOR, 1);
      }
      cache.drain();
      return true;
    } catch (PowerCut e) {
      return false;
    }
  }

  @Test
  void whatTheNextProcessFlushesOutlivesAPowerCut(Seed seed) {
    boolean lived = false;
    int write = 1;
    for (; !lived; write++) {
      CrashMedia media =
          CrashMedia.blank(
              SteppedCache.mediaBytes(SEGMENTS), CrashGrain.CACHE_LINE, seed.random(write));
      SteppedCache.format(media, false, MediaLayout.DATA_AREA_BYTES);
      media.sync();
      SimulatedStore store = new SimulatedStore(1 << 20, seed.random(write));
      killWithin(media, write);
      lived = live(media, store);
      CrashMedia next = media.kill();
      SteppedCache cache = open(next, store);
      writeAndFlush(cache, 8L * SECTOR, 2);
      CrashMedia after = next.crash(ALL_LOST);
      assertThat(open(after, store).read(8L * SECTOR))
          .as("killed within write %d", write)
          .isEqualTo(2);
      after.discard();
    }
    assertThat(write).isGreaterThan(10);
  }
}
