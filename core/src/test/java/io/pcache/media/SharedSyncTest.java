package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.error.MediaFailureException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedSyncTest {
  /** A device whose syncs begin at once and end when the test lets them. */
  private static final class HeldDevice implements SharedSync.DeviceSync {
    final AtomicInteger begun = new AtomicInteger();
    final Semaphore mayEnd = new Semaphore(0);
    volatile @Nullable Throwable failure;

    @Override
    public void sync() throws IOException {
      begun.incrementAndGet();
      mayEnd.acquireUninterruptibly();
      Throwable thrown = failure;
      if (thrown instanceof IOException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
    }
  }

  private final HeldDevice device = new HeldDevice();
  private final SharedSync sync = new SharedSync(device);
  private final List<Thread> callers = new ArrayList<>();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(task -> {
        Thread thread = Thread.ofPlatform().daemon().unstarted(task);
        callers.add(thread);
        return thread;
      });

  @AfterEach
  void end() {
    device.mayEnd.release(1000);
    threads.close();
  }

  private CompletableFuture<Void> call() {
    return CompletableFuture.runAsync(sync::run, threads);
  }

  private void awaitBegun(int syncs) {
    await().until(() -> device.begun.get() == syncs);
  }

  /** Returns when all callers but the one that leads wait for a sync. */
  private void awaitWaiting(int waiting) {
    await()
        .until(() ->
            callers.stream().filter(t -> t.getState() == Thread.State.WAITING).count()
                == waiting + 1);
  }

  @Test
  void aSyncThatBeganBeforeTheCallerCameDoesNotCount() {
    CompletableFuture<Void> first = call();
    awaitBegun(1);
    CompletableFuture<Void> second = call();
    awaitWaiting(1);
    device.mayEnd.release();
    first.join();
    awaitBegun(2);
    assertThat(second).isNotDone();
    device.mayEnd.release();
    second.join();
  }

  @Test
  void allWhoWaitShareOneSync() {
    CompletableFuture<Void> first = call();
    awaitBegun(1);
    List<CompletableFuture<Void>> others = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      others.add(call());
    }
    awaitWaiting(7);
    device.mayEnd.release(2);
    first.join();
    others.forEach(CompletableFuture::join);
    assertThat(device.begun).hasValue(2);
  }

  @Test
  void callsOneAfterTheOtherSyncOnceEach() {
    device.mayEnd.release(3);
    sync.run();
    sync.run();
    sync.run();
    assertThat(device.begun).hasValue(3);
  }

  @Test
  void whoIsInNoHurryIsServedByTheSyncOfOneWhoIs() {
    CompletableFuture<Void> first = call();
    awaitBegun(1);
    CompletableFuture<Void> unhurried = CompletableFuture.runAsync(sync::runWithOthers, threads);
    CompletableFuture<Void> second = call();
    awaitWaiting(2);
    device.mayEnd.release(2);
    first.join();
    second.join();
    unhurried.join();
    assertThat(device.begun).hasValue(2);
  }

  @Test
  void whoIsInNoHurryAndAloneSyncs() {
    device.mayEnd.release(3);
    sync.runWithOthers();
    assertThat(device.begun).hasValue(1);
    sync.run();
    sync.runWithOthers();
    assertThat(device.begun).hasValue(3);
  }

  @Test
  void aFailedSyncFailsEveryLaterOneWithoutAskingTheDevice() {
    device.failure = new IOException("cannot sync x: Input/output error");
    device.mayEnd.release(2);
    assertThatThrownBy(sync::run)
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("cannot sync x: Input/output error")
        .hasMessageContaining("nothing more is acknowledged");
    device.failure = null;
    assertThatThrownBy(sync::run).isInstanceOf(MediaFailureException.class);
    assertThat(device.begun).hasValue(1);
  }

  @Test
  void aFailedSyncFailsThoseWhoWaitForTheNext() {
    CompletableFuture<Void> first = call();
    awaitBegun(1);
    CompletableFuture<Void> second = call();
    awaitWaiting(1);
    device.failure = new IOException("broken");
    device.mayEnd.release();
    assertThatThrownBy(first::join).hasCauseInstanceOf(MediaFailureException.class);
    assertThatThrownBy(second::join).hasCauseInstanceOf(MediaFailureException.class);
    assertThat(device.begun).hasValue(1);
  }

  @Test
  void aSyncThatEndsInAnUnexpectedErrorIsNoSuccessForAnyone() {
    device.failure = new OutOfMemoryError("for the test");
    device.mayEnd.release(2);
    assertThatThrownBy(sync::run).isNotNull();
    device.failure = null;
    assertThatThrownBy(sync::run).isInstanceOf(MediaFailureException.class);
    assertThat(device.begun).hasValue(1);
  }
}
