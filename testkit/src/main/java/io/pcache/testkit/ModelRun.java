package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A cache against a plain model: random requests from one or more threads, in rounds. Between
 * rounds all is flushed, or the cache is reopened, or killed and recovered; with several threads
 * also while their requests are in flight.
 *
 * <p>What is checked: a read returns the newest completed write of every sector. After a kill every
 * sector holds what was last flushed, or something written to it since. The device reads as zeroes
 * at the beginning.
 *
 * <p>With one thread a run is the same for the same seed, as far as the cache itself is.
 */
public final class ModelRun {
  private static final int[] STRIPE_SECTORS = {8, 32, 128, 512, 2048};
  private static final int[] GC_PERCENTS = {0, 10, 30, 50, 70, 90};

  private final CacheUnderTest cache;
  private final ModelSettings settings;
  private final Random random;
  private final SectorVersions model;
  private final AtomicInteger tickets = new AtomicInteger();
  private final List<ModelWorker> workers = new ArrayList<>();
  private final ModelTrace trace = new ModelTrace();
  private final List<Ending> endings = new ArrayList<>();

  /** What happens between two rounds. */
  private enum Ending {
    FLUSH,
    REOPEN,
    KILL,
    KILL_IN_FLIGHT
  }

  /** Prepares a run on a cache whose device reads as zeroes. */
  public ModelRun(CacheUnderTest cache, ModelSettings settings, Seed seed) {
    this.cache = cache;
    this.settings = settings;
    this.random = seed.random();
    this.model = new SectorVersions(cache.device().sizeBytes());
    for (int i = 0; i < settings.threads(); i++) {
      workers.add(new ModelWorker(i, seed.random(i), model, tickets));
    }
  }

  /**
   * Carries it out and reads the whole device at the end, before and after a last reopening.
   *
   * @throws AssertionError with the history of the sector that holds what it must not
   */
  public void run() throws InterruptedException {
    try (ExecutorService threads = Executors.newFixedThreadPool(settings.threads())) {
      for (int round = 0; round < settings.rounds(); round++) {
        cache.setGcPercent(GC_PERCENTS[random.nextInt(GC_PERCENTS.length)]);
        playRound(threads, nextEnding());
      }
      verifyDevice();
      cache.reopen();
      verifyDevice();
    } catch (ModelMismatch e) {
      List<ModelTrace> traces = new ArrayList<>(workers.stream().map(ModelWorker::trace).toList());
      traces.add(trace);
      throw new AssertionError(
          e.getMessage() + "; what happened to it:" + ModelTrace.about(e.sector(), traces), e);
    }
  }

  /**
   * Each ending comes once in every four rounds, in changing order, so that even a short run has
   * them all.
   */
  private Ending nextEnding() {
    if (endings.isEmpty()) {
      endings.addAll(List.of(Ending.values()));
      Collections.shuffle(endings, random);
    }
    Ending ending = endings.removeLast();
    boolean alone = settings.threads() == 1;
    return alone && ending == Ending.KILL_IN_FLIGHT ? Ending.KILL : ending;
  }

  private void playRound(ExecutorService threads, Ending ending) throws InterruptedException {
    Stripes stripes = newStripes();
    int perThread = settings.operationsPerRoundAndThread();
    int hotSectors =
        (int) Math.min(model.sectors(), settings.hotBytes() / BlockDevice.SECTOR_BYTES);
    int ticketsBefore = tickets.get();
    List<Future<?>> running = new ArrayList<>();
    for (ModelWorker worker : workers) {
      running.add(
          threads.submit(() -> worker.work(cache.device(), stripes, perThread, hotSectors)));
    }
    if (ending == Ending.KILL_IN_FLIGHT) {
      killAt(ticketsBefore + random.nextInt(perThread * settings.threads()), running);
    }
    awaitAll(running);
    end(ending);
  }

  private Stripes newStripes() {
    int stripe =
        settings.threads() == 1
            ? model.sectors()
            : STRIPE_SECTORS[random.nextInt(STRIPE_SECTORS.length)];
    return new Stripes(stripe, settings.threads(), model.sectors());
  }

  private void killAt(int ticket, List<Future<?>> running) {
    while (tickets.get() < ticket && running.stream().noneMatch(Future::isDone)) {
      Thread.onSpinWait();
    }
    trace.note(tickets.incrementAndGet(), "killed in flight");
    cache.kill();
  }

  private static void awaitAll(List<Future<?>> running) throws InterruptedException {
    for (Future<?> one : running) {
      try {
        one.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof ModelMismatch mismatch) {
          throw mismatch;
        }
        throw new AssertionError("a thread of the model run failed", e.getCause());
      }
    }
  }

  private void end(Ending ending) {
    trace.note(tickets.incrementAndGet(), "end of round: " + ending);
    switch (ending) {
      case FLUSH -> {
        new BlockingDevice(cache.device()).flush();
        workers.forEach(ModelWorker::settle);
      }
      case REOPEN -> {
        cache.reopen();
        workers.forEach(ModelWorker::settle);
      }
      case KILL -> {
        cache.kill();
        recover();
      }
      case KILL_IN_FLIGHT -> recover();
    }
  }

  private void recover() {
    cache.recover();
    workers.forEach(worker -> worker.checkRecovered(cache.device()));
  }

  private void verifyDevice() {
    trace.note(tickets.incrementAndGet(), "read as a whole");
    int[] sector = {0};
    new BlockingDevice(cache.device())
        .readAll(piece -> {
          model.check(piece, sector[0]);
          sector[0] += (int) (piece.byteSize() / BlockDevice.SECTOR_BYTES);
        });
  }

  /** Checks a file, a drained backing device, against the model. */
  public void verifyFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      model.check(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), 0);
    }
  }
}
