package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.error.MediaFailureException;
import io.pcache.nbd.RawClient.Reply;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.NbdError;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A FUA write is answered when a flush that came after it is complete, and not before. */
@Timeout(600)
class DurableWritesTest {
  private static final int SIZE = 1 << 20;
  private static final int WRITES = 200;
  private static final int PREFETCHES = (WRITES + 15) / 16;
  private static final long PREFETCH_COOKIE = 1_000_000;

  /** Knows which writes its flushes have covered: those complete when the flush was submitted. */
  private static final class Recorder extends RamDevice implements AutoCloseable {
    final Set<Long> durable = ConcurrentHashMap.newKeySet();
    private final Set<Long> complete = ConcurrentHashMap.newKeySet();
    private final ExecutorService elsewhere = Executors.newFixedThreadPool(2);
    private final boolean completesElsewhere;
    private final boolean flushFails;

    Recorder(boolean completesElsewhere, boolean flushFails) {
      super(SIZE);
      this.completesElsewhere = completesElsewhere;
      this.flushFails = flushFails;
    }

    @Override
    public void submit(BlockRequest request) {
      request.begin();
      Set<Long> covered = Set.copyOf(complete);
      if (completesElsewhere) {
        elsewhere.execute(() -> finish(request, covered));
      } else {
        finish(request, covered);
      }
    }

    private void finish(BlockRequest request, Set<Long> covered) {
      carryOut(request);
      if (request.op() == BlockOp.WRITE) {
        complete.add(request.offsetBytes());
      } else if (request.op() == BlockOp.FLUSH) {
        if (flushFails) {
          request.fail(new MediaFailureException("this device cannot sync"));
        } else {
          durable.addAll(covered);
        }
      }
      request.release();
    }

    @Override
    public void close() {
      elsewhere.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"SIMPLE,false", "EXTENDED,false", "SIMPLE,true", "EXTENDED,true"})
  void oneAfterTheOther(ReplyStyle style, boolean elsewhere) throws IOException {
    try (Recorder device = new Recorder(elsewhere, false);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      for (long i = 0; i < WRITES; i++) {
        assertThat(client.writeAndAwait(CommandFlag.FUA, 512 * i, new byte[512])).isZero();
        assertThat(device.durable).contains(512 * i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"SIMPLE,false", "EXTENDED,false", "SIMPLE,true", "EXTENDED,true"})
  void manyAtATimeAmongPrefetches(ReplyStyle style, boolean elsewhere) throws IOException {
    try (Recorder device = new Recorder(elsewhere, false);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      sendWritesAndPrefetches(client);
      for (int i = 0; i < WRITES + PREFETCHES; i++) {
        Reply reply = client.reply(0);
        assertThat(reply.errno()).isZero();
        if (reply.cookie() < PREFETCH_COOKIE) {
          assertThat(device.durable).contains(512 * reply.cookie());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"SIMPLE,false", "EXTENDED,false", "SIMPLE,true", "EXTENDED,true"})
  void aFlushThatFailsFailsEveryWriteItWasFor(ReplyStyle style, boolean elsewhere)
      throws IOException {
    try (Recorder device = new Recorder(elsewhere, true);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      sendWritesAndPrefetches(client);
      for (int i = 0; i < WRITES + PREFETCHES; i++) {
        Reply reply = client.reply(0);
        boolean isPrefetch = reply.cookie() >= PREFETCH_COOKIE;
        assertThat(reply.errno()).isEqualTo(isPrefetch ? 0 : NbdError.EIO);
      }
    }
  }

  /** A prefetch now and then makes the writes before it durable at once. */
  private static void sendWritesAndPrefetches(RawClient client) throws IOException {
    for (long i = 0; i < WRITES; i++) {
      client.write(CommandFlag.FUA, i, 512 * i, new byte[512]);
      if (i % 16 == 0) {
        client.request(0, Command.CACHE, PREFETCH_COOKIE + i, 512 * i, 512);
      }
    }
  }
}
