package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackingStoreWrappersTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  @TempDir Path folder;
  private BackingStore file;

  @BeforeEach
  void openFile() throws IOException {
    file = FileBackingStore.open(Files.write(folder.resolve("backing"), new byte[16 * SECTOR]));
  }

  @AfterEach
  void closeFile() throws IOException {
    file.close();
  }

  private static List<MemorySegment> sectors(int count, int value) {
    MemorySegment memory = MemorySegment.ofArray(new byte[count * SECTOR]);
    memory.fill((byte) value);
    return List.of(memory);
  }

  @Test
  void aBadRangeFailsWhatTouchesItUntilHealed() throws IOException {
    FaultyStore faulty = new FaultyStore(file);
    faulty.failReads(4 * SECTOR, SECTOR);
    faulty.failWrites(8 * SECTOR, SECTOR);
    assertThatThrownBy(() -> faulty.read(sectors(2, 0), 3 * SECTOR))
        .hasMessageContaining("injected");
    assertThatThrownBy(() -> faulty.read(sectors(1, 0), 4 * SECTOR))
        .hasMessageContaining("injected");
    assertThatThrownBy(() -> faulty.write(sectors(2, 1), 7 * SECTOR))
        .hasMessageContaining("injected");
    faulty.read(sectors(1, 0), 3 * SECTOR);
    faulty.read(sectors(1, 0), 5 * SECTOR);
    faulty.write(sectors(1, 1), 4 * SECTOR);
    faulty.heal();
    faulty.read(sectors(16, 0), 0);
    faulty.write(sectors(1, 1), 8 * SECTOR);
    byte[] bytes = Files.readAllBytes(folder.resolve("backing"));
    assertThat(bytes[7 * SECTOR]).as("the failed write changed nothing").isZero();
    assertThat(bytes[8 * SECTOR]).isEqualTo((byte) 1);
  }

  @Test
  void asManyFlushesFailAsAskedFor() {
    FaultyStore faulty = new FaultyStore(file);
    faulty.failFlushes(2);
    assertThatThrownBy(faulty::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(faulty::flush).isInstanceOf(IOException.class);
    assertThatCode(faulty::flush).doesNotThrowAnyException();
  }

  @Test
  void whatIsHeldWaitsUntilLetGo() throws Exception {
    FaultyStore faulty = new FaultyStore(file);
    faulty.hold();
    FutureTask<Void> write =
        new FutureTask<>(() -> {
          faulty.write(sectors(1, 1), 0);
          return null;
        });
    Thread writer = Thread.ofPlatform().start(write);
    await().until(() -> faulty.waiting() == 1);
    assertThat(Files.readAllBytes(folder.resolve("backing"))[0]).isZero();
    faulty.letGo();
    write.get();
    writer.join();
    assertThat(faulty.waiting()).isZero();
    assertThat(Files.readAllBytes(folder.resolve("backing"))[0]).isEqualTo((byte) 1);
  }

  @Test
  void transfersTakeTheTimeThatTheRateGivesThem() throws IOException {
    ManualClock clock = new ManualClock();
    long start = clock.nanoTime();
    RateLimitedStore slow = new RateLimitedStore(file, 4 * SECTOR, clock);
    slow.write(sectors(8, 3), 0);
    assertThat(clock.nanoTime() - start).isEqualTo(TimeUnit.SECONDS.toNanos(2));
    List<MemorySegment> destination = sectors(4, 0);
    slow.read(destination, 2 * SECTOR);
    assertThat(clock.nanoTime() - start).isEqualTo(TimeUnit.SECONDS.toNanos(3));
    assertThat(destination.getFirst().mismatch(sectors(4, 3).getFirst())).isEqualTo(-1);
    slow.flush();
  }

  @Test
  void idleTimeIsNotSavedUp() throws IOException {
    ManualClock clock = new ManualClock();
    RateLimitedStore slow = new RateLimitedStore(file, 4 * SECTOR, clock);
    clock.advance(TimeUnit.SECONDS.toNanos(100));
    long start = clock.nanoTime();
    slow.write(sectors(4, 3), 0);
    assertThat(clock.nanoTime() - start).isEqualTo(TimeUnit.SECONDS.toNanos(1));
  }
}
