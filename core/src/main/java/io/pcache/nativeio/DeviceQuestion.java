package io.pcache.nativeio;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A question to a device on a thread of its own, because a device that does not answer holds the
 * thread that asks. While it holds one, it is not asked again.
 *
 * <p>Thread-safety: none. The next question to the same device is asked after {@link #answer} has
 * returned.
 */
final class DeviceQuestion<T> {
  /** The last question to each device. */
  private static final ConcurrentMap<Path, FutureTask<?>> LAST = new ConcurrentHashMap<>();

  private final FutureTask<T> call;

  private DeviceQuestion(FutureTask<T> call) {
    this.call = call;
  }

  /**
   * Asks a device, unless it still holds the thread that asked it before.
   *
   * @param device its device node
   * @param call returns its answer
   */
  static <T> DeviceQuestion<T> ask(Path device, Callable<T> call) {
    FutureTask<T> question = new FutureTask<>(call);
    FutureTask<?> last = LAST.get(device);
    if (last != null && !last.isDone()) {
      question.cancel(false);
      return new DeviceQuestion<>(question);
    }
    Thread.ofPlatform().daemon(true).name("pcache-ask-" + device.getFileName()).start(question);
    LAST.put(device, question);
    return new DeviceQuestion<>(question);
  }

  /**
   * Waits for the answer. Interrupts do not end the wait.
   *
   * @param deadlineNanos end of the wait, in the time of {@link System#nanoTime}
   * @return empty if the device does not answer
   */
  Optional<T> answer(long deadlineNanos) {
    boolean interrupted = false;
    try {
      while (!call.isCancelled()) {
        try {
          return Optional.of(call.get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      return Optional.empty();
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot ask a device", e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
