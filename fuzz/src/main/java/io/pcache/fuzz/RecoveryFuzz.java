package io.pcache.fuzz;

import io.pcache.cache.repair.LogRepair;
import io.pcache.cache.repair.RecordRepair;
import io.pcache.error.PcacheException;
import io.pcache.format.LogAddress;
import io.pcache.log.LogEnd;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.SimulatedStore;
import io.pcache.testkit.SteppedCache;
import io.pcache.testkit.SteppedRequest;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A whole cache with right checksums and hostile values, see {@link HostileCache}: it is examined
 * for repair, opened, used, and opened again, and where that is refused, repaired and opened.
 * Everything ends in a bounded number of steps and with typed errors at most.
 */
public final class RecoveryFuzz {
  private static final int STORE_BYTES = 8 << 20;
  private static final int PIECE_BYTES = 1 << 20;
  private static final int TICKS = 40;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1100);
  private static final FuzzMedia MEDIA = new FuzzMedia(HostileCache.SEGMENTS);
  private static final MemorySegment PIECE = MemorySegment.ofArray(new long[PIECE_BYTES / 8]);

  private RecoveryFuzz() {}

  /** Carries one input out. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    LogEnd.Writer writer = (input.u8() & 1) == 0 ? LogEnd.Writer.UNKNOWN : LogEnd.Writer.PCACHE;
    new HostileCache(MEDIA, input).build();
    if (!use(writer)) {
      repair();
      boolean unused = use(LogEnd.Writer.PCACHE);
    }
  }

  /** Returns whether it opened. */
  private static boolean use(LogEnd.Writer writer) {
    SteppedCache cache = open(writer);
    if (cache == null) {
      return false;
    }
    readAll(cache);
    write(cache, 0);
    write(cache, (4 << 20) - 512);
    flush(cache);
    readAll(cache);
    LogAddress head = cache.cache().snapshot().keyHead();
    boolean faulty = !cache.cache().snapshot().faults().isEmpty();
    SteppedCache again = open(LogEnd.Writer.PCACHE);
    Require.that(again != null || faulty, "what opened opens again");
    Require.that(
        again == null || again.cache().snapshot().keyHead().equals(head), "the log is all there");
    return true;
  }

  private static @Nullable SteppedCache open(LogEnd.Writer writer) {
    ManualClock clock = new ManualClock();
    SimulatedStore store = new SimulatedStore(STORE_BYTES, new Random(1));
    try {
      return SteppedCache.open(MEDIA, store, clock, SteppedCache.tuning(clock, 1, 2), writer);
    } catch (PcacheException refused) {
      Require.saysSomething(refused);
      return null;
    }
  }

  private static void readAll(SteppedCache cache) {
    for (long at = 0; at < STORE_BYTES; at += PIECE_BYTES) {
      SteppedRequest read = new SteppedRequest();
      read.prepareRead(at, PIECE);
      finish(cache, read);
    }
  }

  private static void write(SteppedCache cache, long offsetBytes) {
    SteppedRequest write = new SteppedRequest();
    write.prepareWrite(offsetBytes, PIECE.asSlice(0, 4096));
    write.completeWhenDurable();
    finish(cache, write);
  }

  private static void flush(SteppedCache cache) {
    SteppedRequest flush = new SteppedRequest();
    flush.prepareFlush();
    finish(cache, flush);
  }

  private static void finish(SteppedCache cache, SteppedRequest request) {
    cache.submit(request);
    for (int tick = 0; tick < TICKS && !request.isDone(); tick++) {
      cache.rest();
      cache.clock().advance(TICK_NANOS);
    }
    Require.that(request.isDone(), request.op() + " ends: " + cache.cache().snapshot());
    PcacheException failure = request.failure();
    if (failure != null) {
      Require.saysSomething(failure);
    }
  }

  private static void repair() {
    try {
      RecordRepair records = RecordRepair.examine(MEDIA, STORE_BYTES, null, null);
      LogRepair repair = LogRepair.examine(MEDIA, records, STORE_BYTES, null);
      Require.that(!repair.describe().isBlank(), "a description");
      records.storeAllButSuperblock();
      var unused = repair.apply();
      records.storeSuperblock();
      RecordRepair recordsAfter = RecordRepair.examine(MEDIA, STORE_BYTES, null, null);
      Require.that(recordsAfter.findings().isEmpty(), "repaired: " + recordsAfter.findings());
      LogRepair after = LogRepair.examine(MEDIA, recordsAfter, STORE_BYTES, null);
      Require.that(!after.isDamaged(), "repaired: " + after.describe());
    } catch (PcacheException refused) {
      Require.saysSomething(refused);
    }
  }
}
