package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import io.pcache.testkit.HeldLocks;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever asks for the status waits for no client. */
@Timeout(600)
class StatusLocksTest {
  @Test
  void statusNeedsNoLockThatRequestsTake() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(1 << 20, 2, 1);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(ReplyStyle.SIMPLE)) {
      device.hold();
      client.request(0, Command.READ, 1, 0, 4096);
      ServerUnderTest.eventually(() -> device.waitingCount() == 1);
      HeldLocks locks = HeldLocks.of(server.server());
      // Of both buffer pools, of the shared memory, and of who is let in.
      assertThat(locks.lockCount()).isGreaterThanOrEqualTo(4);
      try {
        locks.runHolding(() -> {
          NbdServerStatus status =
              CompletableFuture.supplyAsync(server::status).orTimeout(30, TimeUnit.SECONDS).join();
          assertThat(status.payloadBytesInFlight()).isEqualTo(4096);
          assertThat(status.requestsInFlight()).isOne();
        });
      } finally {
        device.letGo();
      }
      assertThat(client.reply(4096).errno()).isZero();
    }
  }
}
