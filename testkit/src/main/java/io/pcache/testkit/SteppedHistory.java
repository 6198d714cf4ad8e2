package io.pcache.testkit;

import io.pcache.format.LogPosition;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Random requests on a stepped cache, its agents stepped in between, every answer checked: writes
 * of versioned content to a small region that spans two subtrees, reads of it, flushes, and long
 * writes of zeroes elsewhere that use up segments.
 *
 * <p>Thread-safety: none.
 */
final class SteppedHistory {
  /** Size of the device that it needs. */
  static final int DEVICE_BYTES = 24 << 20;

  static final int CONTENT_OFFSET = (4 << 20) - (128 << 10);
  static final int CONTENT_BYTES = 512 << 10;

  private static final int SECTOR = SectorContent.SECTOR_BYTES;
  private static final int FIRST_SECTOR = CONTENT_OFFSET / SECTOR;
  private static final int CONTENT_SECTORS = CONTENT_BYTES / SECTOR;
  private static final int FILLER_OFFSET = 8 << 20;
  private static final int FILLER_BYTES = 12 << 20;
  private static final int MAX_PENDING = 4;
  private static final int MAX_STEPS_BETWEEN = 6;
  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(800);

  private final SteppedCache cache;
  private final SimulatedStore store;
  private final SectorLedger ledger;
  private final CrashSettings settings;
  private final RandomGenerator random;
  private LogPosition lastHead;
  private int pending;

  SteppedHistory(
      SteppedCache cache,
      SimulatedStore store,
      SectorLedger ledger,
      CrashSettings settings,
      RandomGenerator random) {
    this.cache = cache;
    this.store = store;
    this.ledger = ledger;
    this.settings = settings;
    this.random = random;
    this.lastHead = cache.cache().snapshot().keyHead();
  }

  static SectorLedger newLedger() {
    return new SectorLedger(FIRST_SECTOR, CONTENT_SECTORS);
  }

  void run(int actions) {
    for (int i = 0; i < actions; i++) {
      act();
      for (int steps = random.nextInt(MAX_STEPS_BETWEEN); steps > 0; steps--) {
        boolean allIn = nobodyWaits();
        var _ = cache.step(random);
        noteKeySetEnd(allIn);
      }
      letPendingOnesPass(MAX_PENDING);
    }
  }

  /** Waits for all requests. */
  void finish() {
    letPendingOnesPass(0);
  }

  private void letPendingOnesPass(int most) {
    for (int tick = 0; pending > most; tick++) {
      if (tick == 1000) {
        throw new AssertionError("requests hang: " + cache.cache().snapshot());
      }
      cache.rest();
      noteKeySetEnd(false);
      cache.clock().advance(MAX_PAUSE_NANOS);
    }
  }

  private void act() {
    int choice = random.nextInt(100);
    if (choice < 45) {
      write(sizeSectors(), choice < 12);
    } else if (choice < 57) {
      read(1 + random.nextInt(CONTENT_SECTORS));
    } else if (choice < 66) {
      fill();
    } else if (choice < 76) {
      flush();
    } else if (choice < 79) {
      store.failFlushes(random.nextInt(3));
      store.failWrites(random.nextInt(3));
    } else {
      cache.clock().advance(random.nextLong(MAX_PAUSE_NANOS));
    }
  }

  private int sizeSectors() {
    return 1 + random.nextInt(1 << random.nextInt(11));
  }

  private int place(int sectors) {
    return FIRST_SECTOR + random.nextInt(CONTENT_SECTORS - sectors + 1);
  }

  private void write(int sectors, boolean durably) {
    int first = place(sectors);
    int number = ledger.nextVersion();
    boolean zeroes = !settings.logIsOrdered() && random.nextInt(8) == 0;
    int version = zeroes ? -number : number;
    ledger.submitted(first, sectors, version);
    SteppedRequest request =
        new SteppedRequest(done -> {
          pending--;
          ledger.acknowledged(first, sectors, version);
          if (durably) {
            ledger.madeDurable(first, sectors, version);
          }
        });
    if (zeroes) {
      request.prepareWriteZeroes((long) first * SECTOR, (long) sectors * SECTOR, durably);
    } else {
      MemorySegment source = MemorySegment.ofArray(new long[sectors * SECTOR / Long.BYTES]);
      SectorContent.fill(source, first, version);
      request.prepareWrite((long) first * SECTOR, source, durably);
    }
    pending++;
    boolean allIn = nobodyWaits();
    cache.submit(request);
    // What a write commits that is not durable itself may be a part of it.
    noteKeySetEnd(durably && allIn);
  }

  private void read(int sectors) {
    int first = place(sectors);
    int[] floors = ledger.floors();
    MemorySegment target = MemorySegment.ofArray(new long[sectors * SECTOR / Long.BYTES]);
    SteppedRequest request =
        new SteppedRequest(done -> {
          pending--;
          ledger.checkRead(target, first, floors);
        });
    request.prepareRead((long) first * SECTOR, target);
    pending++;
    cache.submit(request);
  }

  private void fill() {
    long length = (1L + random.nextInt(4)) << 20;
    long offset =
        FILLER_OFFSET + (long) random.nextInt((int) (FILLER_BYTES - length) / SECTOR) * SECTOR;
    SteppedRequest request = new SteppedRequest(done -> pending--);
    request.prepareWriteZeroes(offset, length, false);
    pending++;
    cache.submit(request);
    noteKeySetEnd(false);
  }

  private void flush() {
    int[] floors = ledger.floors();
    SteppedRequest request =
        new SteppedRequest(done -> {
          pending--;
          ledger.flushed(floors);
        });
    request.prepareFlush();
    pending++;
    boolean allIn = nobodyWaits();
    cache.submit(request);
    noteKeySetEnd(allIn);
  }

  /** Whether every write that was submitted is visible. */
  private boolean nobodyWaits() {
    return cache.cache().snapshot().waitingRequests() == 0;
  }

  /**
   * Takes note that the log grew. It then holds everything written so far, if every write was
   * visible before the commit and none became so after it.
   */
  private void noteKeySetEnd(boolean allIn) {
    LogPosition head = cache.cache().snapshot().keyHead();
    if (!head.equals(lastHead)) {
      lastHead = head;
      if (allIn && nobodyWaits()) {
        ledger.keySetEnds();
      }
    }
  }
}
