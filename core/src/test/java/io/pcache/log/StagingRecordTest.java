package io.pcache.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Staging, publishing and reading together, with a kill between any two stores. */
class StagingRecordTest {
  private static final int SLOTS = 12;
  private static final StagingOwner OWNER = new StagingOwner(new UUID(1, 2), new UUID(3, 4), 5);

  /** The process is dead. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Memory whose process dies instead of a store. */
  private static final class MortalMemory implements SharedMemory {
    private final SharedMemory memory =
        new ProcessMemory(StagedKeysPool.sizeBytes(SLOTS), "simulated");
    private int storesLeft = Integer.MAX_VALUE;

    @Override
    public MemorySegment bytes() {
      return memory.bytes();
    }

    @Override
    public void store(long offsetBytes, long value) {
      if (storesLeft-- == 0) {
        throw new Killed();
      }
      memory.store(offsetBytes, value);
    }

    @Override
    public UUID bootId() {
      return OWNER.bootId();
    }

    @Override
    public boolean outlivesProcess() {
      return true;
    }

    @Override
    public String describe() {
      return memory.describe();
    }

    @Override
    public void remove() {
      memory.remove();
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  private final MortalMemory memory = new MortalMemory();
  private final LogFixture log = new LogFixture();
  private final LogWriter writer = log.writerAt(LogFixture.START);
  private final List<Integer> acknowledged = new ArrayList<>();

  private StagedKeysPool begin() {
    StagedKeysPool pool = new StagedKeysPool(memory);
    pool.record().begin(OWNER, writer.head().address());
    return pool;
  }

  private void stage(KeySetStage stage, int keys) {
    for (int i = 0; i < keys; i++) {
      int number = acknowledged.size();
      var _ =
          stage.append(new Key().range(number * 512L, 512).place(3, number * 512).dataCrc(number));
      acknowledged.add(number);
    }
  }

  /** What is staged becomes the next batch. */
  private List<StagedKeys> prepareBatch(StagedKeysPool pool, KeySetStage stage) {
    List<StagedKeys> keys = new ArrayList<>();
    stage.drainTo(keys);
    writer.prepare(keys);
    pool.record().join(keys);
    return keys;
  }

  private static void publish(StagedKeysPool pool, LogWriter writer) {
    pool.record().willPublish(writer.preparedHead().address(), writer.preparedFirstWord());
    writer.publish();
    pool.record().published();
  }

  /** Commits as they are made: a batch is published while the next one fills. */
  private void live() {
    StagedKeysPool pool = begin();
    KeySetStage stage = new KeySetStage(pool);
    for (int batch = 0; batch < 4; batch++) {
      stage(stage, 150);
      List<StagedKeys> keys = prepareBatch(pool, stage);
      stage(stage, 3);
      publish(pool, writer);
      keys.forEach(pool::give);
    }
  }

  private StagingReader.Found read(List<Integer> numbers) {
    StagingReader reader = new StagingReader(memory, log.media, log.chain);
    StagingReader.Found found = reader.read(OWNER, log.endOfWalkFrom(LogFixture.START));
    for (StagedKeys keys : reader.keys()) {
      for (int i = 0; i < keys.count(); i++) {
        numbers.add(KeyRecord.dataCrc(keys.bytes(), (long) i * KeyRecord.SIZE_BYTES));
      }
    }
    return found;
  }

  @Test
  @DisplayName("hazard 44: a kill between any two stores loses no key and takes none twice")
  void aKillBetweenAnyTwoStoresLosesNothingAndTakesNothingTwice() {
    boolean killed = true;
    for (int stores = 0; killed; stores++) {
      killed = new StagingRecordTest().liveAndDieAfter(stores);
    }
  }

  private boolean liveAndDieAfter(int stores) {
    memory.storesLeft = stores;
    boolean killed = false;
    try {
      live();
    } catch (Killed e) {
      killed = true;
    }
    List<Integer> numbers = log.numbersFrom(LogFixture.START);
    var _ = read(numbers);
    // A key whose append was cut short may be there: nobody was told.
    List<Integer> expected =
        IntStream.range(0, Math.max(acknowledged.size(), numbers.size())).boxed().toList();
    assertThat(numbers).as("killed after %d stores", stores).isEqualTo(expected);
    assertThat(numbers.size()).isLessThanOrEqualTo(acknowledged.size() + 1);
    return killed;
  }

  @Test
  void aBatchThatWasNotPublishedIsTakenFromMemory() {
    StagedKeysPool pool = begin();
    KeySetStage stage = new KeySetStage(pool);
    stage(stage, 5);
    var _ = prepareBatch(pool, stage);
    pool.record().willPublish(writer.preparedHead().address(), writer.preparedFirstWord());
    List<Integer> numbers = new ArrayList<>();
    assertThat(read(numbers)).isEqualTo(StagingReader.Found.KEYS);
    assertThat(numbers).isEqualTo(acknowledged);
  }

  @Test
  void aBatchOfTheSameSizeBySomebodyElseIsNotTakenForOurs() {
    StagedKeysPool pool = begin();
    KeySetStage stage = new KeySetStage(pool);
    stage(stage, 5);
    var _ = prepareBatch(pool, stage);
    stage(stage, 1);
    pool.record().willPublish(writer.preparedHead().address(), writer.preparedFirstWord());
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(100, 5, 5));
    List<Integer> numbers = new ArrayList<>();
    assertThat(read(numbers)).isEqualTo(StagingReader.Found.OTHER_LOG);
    assertThat(numbers).isEmpty();
  }

  private boolean isOf(UUID cache, UUID bootId, long openedEpochMillis) {
    return new StagingRecord(memory).isOf(new StagingOwner(cache, bootId, openedEpochMillis));
  }

  @Test
  void memoryIsOfOneRunOfOneVersionAlone() {
    assertThat(isOf(OWNER.cache(), OWNER.bootId(), 5)).isFalse();
    new StagedKeysPool(memory).record().begin(OWNER, writer.head().address());
    assertThat(isOf(OWNER.cache(), OWNER.bootId(), 5)).isTrue();
    assertThat(isOf(new UUID(9, 9), OWNER.bootId(), 5)).isFalse();
    assertThat(isOf(OWNER.cache(), new UUID(9, 9), 5)).isFalse();
    assertThat(isOf(OWNER.cache(), OWNER.bootId(), 6)).isFalse();
    long version = memory.bytes().get(ValueLayout.JAVA_LONG, Long.BYTES);
    memory.bytes().set(ValueLayout.JAVA_LONG, Long.BYTES, version + 1);
    assertThat(isOf(OWNER.cache(), OWNER.bootId(), 5)).isFalse();
  }

  @Test
  void keysOfAnotherVersionBootRunOrLogAreNotTaken() {
    StagedKeysPool pool = begin();
    stage(new KeySetStage(pool), 5);
    LogAddress head = writer.head().address();
    assertThat(found(new StagingOwner(OWNER.cache(), new UUID(9, 9), 5), head))
        .isEqualTo(StagingReader.Found.OTHER_BOOT);
    assertThat(found(new StagingOwner(new UUID(9, 9), OWNER.bootId(), 5), head))
        .isEqualTo(StagingReader.Found.OTHER_BOOT);
    assertThat(found(new StagingOwner(OWNER.cache(), OWNER.bootId(), 6), head))
        .isEqualTo(StagingReader.Found.OTHER_RUN);
    assertThat(found(OWNER, new LogAddress(0, 4096))).isEqualTo(StagingReader.Found.OTHER_LOG);
    long version = memory.bytes().get(ValueLayout.JAVA_LONG, Long.BYTES);
    memory.bytes().set(ValueLayout.JAVA_LONG, Long.BYTES, version + 1);
    assertThat(found(OWNER, head)).isEqualTo(StagingReader.Found.OTHER_VERSION);
    memory.bytes().set(ValueLayout.JAVA_LONG, Long.BYTES, version);
    pool.record().invalidate();
    assertThat(found(OWNER, head)).isEqualTo(StagingReader.Found.NOTHING);
  }

  private StagingReader.Found found(StagingOwner owner, LogAddress head) {
    StagingReader reader = new StagingReader(memory, log.media, log.chain);
    StagingReader.Found found = reader.read(owner, head);
    assertThat(reader.keys()).isEmpty();
    return found;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void anyBytesAreRead(long seed) {
    live();
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      long at = random.nextBoolean() ? random.nextInt(24) : random.nextInt(1 << 12);
      memory.bytes().set(ValueLayout.JAVA_LONG, at * Long.BYTES, random.nextLong());
      List<Integer> numbers = new ArrayList<>();
      if (read(numbers) != StagingReader.Found.KEYS) {
        assertThat(numbers).isEmpty();
      }
      assertThat(numbers).hasSizeLessThanOrEqualTo(SLOTS * 128);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 12, 16, 20, 24, 32, 36})
  @DisplayName("hazard 44: a staged key that was damaged in memory is not taken")
  void aDamagedKeyIsLeftOut(int field) {
    StagedKeysPool pool = begin();
    KeySetStage stage = new KeySetStage(pool);
    stage(stage, 5);
    long third =
        StagingLayout.slotOffset(0) + StagingLayout.KEYS_OFFSET + 2L * KeyRecord.SIZE_BYTES;
    for (int bit = 0; bit < Integer.SIZE; bit++) {
      // The one flag that a key carries is CLEAN.
      if (field == KeyRecord.FLAGS_OFFSET && 1 << bit != KeyRecord.CLEAN_FLAG) {
        continue;
      }
      int whole = memory.bytes().get(LittleEndian.U32, third + field);
      memory.bytes().set(LittleEndian.U32, third + field, whole ^ (1 << bit));
      List<Integer> numbers = new ArrayList<>();
      assertThat(read(numbers)).isEqualTo(StagingReader.Found.KEYS);
      assertThat(numbers).as("bit %d", bit).containsExactly(0, 1, 3, 4);
      memory.bytes().set(LittleEndian.U32, third + field, whole);
    }
  }

  @Test
  void keysOfAnEarlierUseOfASlotDoNotCount() {
    StagedKeysPool pool = begin();
    KeySetStage stage = new KeySetStage(pool);
    stage(stage, 5);
    List<StagedKeys> keys = new ArrayList<>();
    stage.drainTo(keys);
    keys.forEach(pool::give);
    stage(stage, 2);
    memory.bytes().set(LittleEndian.U64, StagingLayout.slotOffset(0), 5);
    List<Integer> numbers = new ArrayList<>();
    assertThat(read(numbers)).isEqualTo(StagingReader.Found.KEYS);
    assertThat(numbers).containsExactly(5, 6);
  }

  @Test
  void buffersBeyondTheMemoryShow() {
    StagedKeysPool pool = new StagedKeysPool(memory);
    List<StagedKeys> taken = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      taken.add(pool.take());
    }
    assertThat(pool.holdsAll()).isTrue();
    StagedKeys oneMore = pool.take();
    assertThat(pool.holdsAll()).isFalse();
    pool.give(oneMore);
    assertThat(pool.holdsAll()).isTrue();
    taken.forEach(pool::give);
    assertThat(pool.take().isIn(memory)).isTrue();
  }
}
