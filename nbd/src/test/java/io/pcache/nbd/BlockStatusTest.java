package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import io.pcache.error.BackingFailureException;
import io.pcache.nbd.RawClient.Extent;
import io.pcache.nbd.RawClient.Reply;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(600)
class BlockStatusTest {
  private static final int SIZE = 8 << 20;

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void bothContextsAreReportedWithEqualNeighboursJoined(ReplyStyle style) throws IOException {
    RamDevice device = new RamDevice(SIZE);
    device.setState(4096, 8192, RangeState.CLEAN);
    device.setState(12288, 512, RangeState.DIRTY);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style, "base:allocation", "pcache:state")) {
      assertThat(client.carryOut(0, Command.BLOCK_STATUS, 2048, 1 << 20).extents())
          .containsExactly(
              new Extent(1, 1 << 20, 0),
              new Extent(2, 2048, 0),
              new Extent(2, 8192, 1),
              new Extent(2, 512, 2),
              new Extent(2, (1 << 20) - 2048 - 8192 - 512, 0));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void oneExtentIsReportedWhereOneIsAskedFor(ReplyStyle style) throws IOException {
    RamDevice device = new RamDevice(SIZE);
    device.setState(4096, 8192, RangeState.CLEAN);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style, "pcache:state")) {
      assertThat(
              client
                  .carryOut(CommandFlag.REQ_ONE, Command.BLOCK_STATUS, 4096, SIZE - 4096)
                  .extents())
          .containsExactly(new Extent(2, 8192, 1));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void theNumberOfExtentsIsBounded(ReplyStyle style) throws IOException {
    RamDevice device = new RamDevice(SIZE);
    for (int sector = 0; sector < SIZE / 512; sector += 2) {
      device.setState(512L * sector, 512, RangeState.DIRTY);
    }
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style, "pcache:state")) {
      assertThat(client.carryOut(0, Command.BLOCK_STATUS, 0, SIZE).extents())
          .hasSize(StatusExtents.MAX_EXTENTS)
          .allMatch(extent -> extent.lengthBytes() == 512);
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutAContextItIsInvalid(ReplyStyle style) throws IOException {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(SIZE));
        RawClient client = server.start(style)) {
      assertThat(client.carryOut(0, Command.BLOCK_STATUS, 0, SIZE).errno()).isEqualTo(22);
    }
  }

  @Test
  void aFailingDeviceFailsTheCommand() throws IOException {
    FailingDevice device = new FailingDevice(SIZE, new BackingFailureException("gone"));
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(ReplyStyle.EXTENDED, "base:allocation", "pcache:state")) {
      Reply reply = client.carryOut(0, Command.BLOCK_STATUS, 0, SIZE);
      assertThat(reply.errno()).isEqualTo(5);
      assertThat(reply.message()).isEqualTo("gone");
    }
  }

  @Test
  void lengthsAbove32BitsNeedExtendedHeadersAndNoMemory() throws IOException {
    Endless device = new Endless();
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(ReplyStyle.EXTENDED, "base:allocation", "pcache:state")) {
      assertThat(client.carryOut(0, Command.BLOCK_STATUS, 0, Endless.SIZE).extents())
          .containsExactly(new Extent(1, Endless.SIZE, 0), new Extent(2, (4L << 20) << 16, 0));
      assertThat(client.carryOut(0, Command.WRITE_ZEROES, 512, Endless.SIZE - 512).errno())
          .isZero();
      assertThat(client.carryOut(0, Command.CACHE, 0, Endless.SIZE).errno()).isZero();
      assertThat(device.bytes).isEqualTo(2 * Endless.SIZE - 512);
    }
  }

  /** A device of an exabyte that does nothing. */
  private static final class Endless implements BlockDevice {
    static final long SIZE = 1L << 60;
    private long bytes;

    @Override
    public long sizeBytes() {
      return SIZE;
    }

    @Override
    public synchronized void submit(BlockRequest request) {
      request.begin();
      bytes += request.lengthBytes();
      request.release();
    }

    @Override
    public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
      long at = offsetBytes;
      while (at < offsetBytes + lengthBytes && visitor.visit(at, 4L << 20, RangeState.MISSING)) {
        at += 4L << 20;
      }
    }
  }
}
