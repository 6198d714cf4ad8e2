package io.pcache.cache.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import io.pcache.error.PcacheException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who goes next where space comes free in small parts. */
class WriteTurnsTest {
  private static final long MIB = 1 << 20;
  private static final int SMALL = 4096;

  private final WriteTurns turns = new WriteTurns();
  private final List<String> pieces = new ArrayList<>();

  private static final class Zeroes extends BlockRequest {
    private final String name;

    Zeroes(String name, long offsetBytes, long lengthBytes) {
      this.name = name;
      prepareWriteZeroes(offsetBytes, lengthBytes);
    }

    Zeroes(RequestSource source, String name, long offsetBytes, long lengthBytes) {
      super(source);
      this.name = name;
      prepareWriteZeroes(offsetBytes, lengthBytes);
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {}
  }

  private static RequestSource client() {
    return new RequestSource(closed -> {});
  }

  private void add(RequestSource source, String name, long offsetBytes, long lengthBytes) {
    assertThat(turns.add(new Zeroes(source, name, offsetBytes, lengthBytes), 0)).isTrue();
  }

  private void addAlone(String name, long offsetBytes, long lengthBytes) {
    assertThat(turns.add(new Zeroes(name, offsetBytes, lengthBytes), 0)).isTrue();
  }

  /** Carries out pieces as long as there is that much room. */
  private void makeRoom(long roomBytes) {
    long left = roomBytes;
    for (WaitingWrite write = turns.next(); write != null && left > 0; write = turns.next()) {
      long piece = Math.min(left, Math.min(write.leftBytes(), WriteTurns.TURN_BYTES));
      pieces.add(((Zeroes) write.request()).name);
      left -= piece;
      var _ = turns.advanced(write, write.doneBytes() + piece);
    }
  }

  @Test
  @DisplayName("hazard 31: sources take turns, a MiB for each")
  void sourcesTakeTurns() {
    add(client(), "giant", 0, 8L << 30);
    add(client(), "large", 16L << 30, 32 * MIB);
    add(client(), "small", 20L << 30, SMALL);
    makeRoom(5 * MIB + SMALL);
    assertThat(pieces).containsExactly("giant", "large", "small", "giant", "large", "giant");
    assertThat(turns.waiting()).isEqualTo(2);
  }

  @Test
  void smallWritesOfOneSourceShareATurn() {
    add(client(), "giant", 0, 8L << 30);
    RequestSource many = client();
    for (int i = 0; i < 300; i++) {
      add(many, "small", (16L << 30) + (long) i * SMALL, SMALL);
    }
    makeRoom(2 * MIB);
    assertThat(pieces.stream().filter("small"::equals)).hasSize((int) (MIB / SMALL));
  }

  @Test
  void aWriteThatHasFoundNoRoomKeepsItsTurn() {
    add(client(), "giant", 0, 8L << 30);
    makeRoom(SMALL);
    add(client(), "other", 16L << 30, SMALL);
    WaitingWrite giant = turns.next();
    assertThat(giant).isNotNull();
    assertThat(turns.advanced(giant, giant.doneBytes())).isFalse();
    makeRoom(MIB + SMALL);
    assertThat(pieces).containsExactly("giant", "giant", "other");
  }

  @Test
  void whatASourceTookTooMuchOfItsTurnItsNextOnePaysFor() {
    RequestSource mixed = client();
    add(mixed, "small", 0, SMALL);
    for (int i = 1; i <= 400; i++) {
      add(mixed, "large", i * MIB, MIB);
    }
    add(client(), "giant", 16L << 30, 8L << 30);
    makeRoom(401 * MIB);
    long ofGiant = pieces.stream().filter("giant"::equals).count();
    assertThat(ofGiant).isBetween(200L, 201L);
  }

  @Test
  void writesWithoutASourceTakeTurnsEachByItself() {
    addAlone("one", 0, 4 * MIB);
    addAlone("two", 0, 4 * MIB);
    makeRoom(4 * MIB);
    assertThat(pieces).containsExactly("one", "two", "one", "two");
  }

  @Test
  @DisplayName("hazard 31: a small write passes a giant one of its source that it does not overlap")
  void aSmallWritePassesAGiantOneOfItsSource() {
    RequestSource source = client();
    add(source, "giant", 0, 8L << 30);
    add(source, "small", 16L << 30, SMALL);
    makeRoom(2 * MIB);
    assertThat(pieces).containsExactly("giant", "small", "giant");
  }

  @Test
  @DisplayName("hazard 31: a write that overlaps an earlier one of its source stays behind it")
  void aWriteThatOverlapsAnEarlierOneStaysBehindIt() {
    RequestSource source = client();
    add(source, "first", 0, 3 * MIB);
    add(source, "overlaps", 2 * MIB, 2 * MIB);
    add(source, "overlaps the second", 3 * MIB, SMALL);
    add(source, "free", 8 * MIB, SMALL);
    makeRoom(16 * MIB);
    assertThat(pieces)
        .containsExactly(
            "first", "free", "first", "first", "overlaps", "overlaps", "overlaps the second");
    assertThat(turns.waiting()).isZero();
  }

  @Test
  void whateverOverlapsEndsInOrderAndNothingIsLeft() {
    Random random = new Random(42);
    for (int round = 0; round < 300; round++) {
      List<RequestSource> sources = List.of(client(), client(), client());
      List<Zeroes> submitted = new ArrayList<>();
      List<Zeroes> ended = new ArrayList<>();
      while (ended.size() < 60) {
        if (submitted.size() < 60 && random.nextBoolean()) {
          RequestSource source = sources.get(random.nextInt(3));
          long offset = random.nextInt(40) * 256L * 1024;
          Zeroes write = new Zeroes(source, "", offset, (1 + random.nextInt(12)) * 256L * 1024);
          submitted.add(write);
          assertThat(turns.add(write, 0)).isTrue();
        }
        WaitingWrite write = turns.next();
        if (write != null) {
          Zeroes request = (Zeroes) write.request();
          long piece = random.nextInt(3) * 512L * 1024;
          if (turns.advanced(write, write.doneBytes() + Math.min(write.leftBytes(), piece))) {
            ended.add(request);
          }
        }
      }
      assertThat(turns.waiting()).isZero();
      assertInOrder(submitted, ended);
    }
  }

  private static void assertInOrder(List<Zeroes> submitted, List<Zeroes> ended) {
    for (int i = 0; i < submitted.size(); i++) {
      for (int j = i + 1; j < submitted.size(); j++) {
        Zeroes first = submitted.get(i);
        Zeroes second = submitted.get(j);
        boolean overlap =
            first.source() == second.source()
                && first.offsetBytes() < second.offsetBytes() + second.lengthBytes()
                && second.offsetBytes() < first.offsetBytes() + first.lengthBytes();
        if (overlap) {
          assertThat(ended.indexOf(first)).isLessThan(ended.indexOf(second));
        }
      }
    }
  }

  @Test
  void whatAClosedSourceHasWaitingCanBeTakenOutAndNothingElse() {
    RequestSource closed = client();
    add(closed, "giant", 0, 8L << 30);
    add(closed, "behind it", 0, SMALL);
    add(client(), "other", 0, SMALL);
    closed.close();
    assertThat(names(turns.takeOrphan(), turns.takeOrphan())).contains("giant", "behind it");
    assertThat(turns.takeOrphan()).isNull();
    makeRoom(MIB);
    assertThat(pieces).containsExactly("other");
  }

  private static List<String> names(@Nullable BlockRequest... requests) {
    List<String> names = new ArrayList<>();
    for (BlockRequest request : requests) {
      assertThat(request).isNotNull();
      names.add(((Zeroes) request).name);
    }
    return names;
  }

  @Test
  void atTheEndAllAreTakenOutButTheOneInHandAndNoneIsAdded() {
    RequestSource source = client();
    add(source, "in hand", 0, 2 * MIB);
    add(source, "waiting", 4 * MIB, SMALL);
    WaitingWrite inHand = turns.next();
    assertThat(inHand).isNotNull();
    turns.end();
    assertThat(names(turns.takeAny())).containsExactly("waiting");
    assertThat(turns.takeAny()).isNull();
    assertThat(turns.add(new Zeroes("late", 0, SMALL), 0)).isFalse();
    assertThat(turns.advanced(inHand, MIB)).isFalse();
    assertThat(names(turns.takeAny())).containsExactly("in hand");
    assertThat(turns.waiting()).isZero();
  }
}
