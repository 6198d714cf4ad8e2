package io.pcache.testkit;

import static io.pcache.testkit.RegisterOp.Kind.READ;
import static io.pcache.testkit.RegisterOp.Kind.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The judge of histories knows good ones from bad ones. */
@ExtendWith(Seeds.class)
class RegisterHistoryTest {
  private static final int RANDOM_HISTORIES = 60_000;

  private static RegisterOp write(int value, long began, long ended) {
    return new RegisterOp(WRITE, value, began, ended);
  }

  private static RegisterOp read(int value, long began, long ended) {
    return new RegisterOp(READ, value, began, ended);
  }

  private static RegisterHistory history(RegisterOp... operations) {
    RegisterHistory history = new RegisterHistory(0);
    List.of(operations).forEach(history::add);
    return history;
  }

  private static void isFine(RegisterOp... operations) {
    assertThat(history(operations).violation()).isEmpty();
  }

  private static void isWrong(String why, RegisterOp... operations) {
    assertThat(history(operations).violation())
        .hasValueSatisfying(violation -> assertThat(violation).contains(why));
  }

  @Test
  void aReadThatOverlapsAWriteMayAnswerEither() {
    isFine(write(1, 0, 10), read(0, 1, 2), read(1, 3, 4));
    isFine(write(1, 0, 10), read(0, 1, 9));
    isFine(write(1, 0, 10), read(1, 1, 9));
  }

  @Test
  void aReadAfterAWriteAnswersIt() {
    isWrong("value 0 held", write(1, 0, 1), read(0, 2, 3));
  }

  @Test
  void onceANewValueWasReadTheOldOneIsGone() {
    isWrong("happened while value 0 held", write(1, 0, 10), read(1, 1, 2), read(0, 3, 4));
  }

  @Test
  void aValueDoesNotComeBack() {
    isWrong("value 2", write(1, 0, 1), write(2, 2, 3), read(2, 4, 5), read(1, 6, 7));
    isWrong("value 2 came and went", write(1, 0, 1), write(2, 2, 3), read(1, 4, 5));
  }

  @Test
  void twoReadersAgreeOnTheOrderOfTwoWrites() {
    isWrong(
        "at the same time",
        write(1, 0, 10),
        write(2, 1, 11),
        read(1, 12, 13),
        read(2, 14, 15),
        read(1, 16, 17));
    isFine(write(1, 0, 10), write(2, 1, 11), read(1, 2, 3), read(2, 4, 5), read(2, 12, 13));
  }

  @Test
  void nothingIsReadBeforeItIsWritten() {
    isWrong("its write began at 2", read(1, 0, 1), write(1, 2, 3));
  }

  @Test
  void nothingIsReadThatNobodyWrote() {
    isWrong("written 0 times", write(1, 0, 1), read(SectorContent.FOREIGN, 2, 3));
  }

  @Test
  void itJudgesAsTryingEveryOrderDoes(Seed seed) {
    Random random = seed.random();
    int wrong = 0;
    for (int i = 0; i < RANDOM_HISTORIES; i++) {
      List<RegisterOp> operations = randomOperations(random);
      boolean explained = explains(new ArrayList<>(operations), 0);
      assertThat(history(operations.toArray(RegisterOp[]::new)).violation().isEmpty())
          .as("%s", operations)
          .isEqualTo(explained);
      wrong += explained ? 0 : 1;
    }
    assertThat(wrong).isBetween(RANDOM_HISTORIES / 10, RANDOM_HISTORIES * 9 / 10);
  }

  private static List<RegisterOp> randomOperations(Random random) {
    int count = 1 + random.nextInt(6);
    List<Long> times = new ArrayList<>();
    for (long i = 0; i < 2L * count; i++) {
      times.add(i);
    }
    Collections.shuffle(times, random);
    int writes = 1 + random.nextInt(count);
    List<RegisterOp> operations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long a = times.get(2 * i);
      long b = times.get(2 * i + 1);
      long began = Math.min(a, b);
      long ended = Math.max(a, b);
      operations.add(
          i < writes ? write(i + 1, began, ended) : read(random.nextInt(writes + 1), began, ended));
    }
    return operations;
  }

  /** Whether what is left can go on from a register that holds {@code value}: by trying it all. */
  private static boolean explains(List<RegisterOp> left, int value) {
    if (left.isEmpty()) {
      return true;
    }
    for (RegisterOp next : List.copyOf(left)) {
      boolean isDue = left.stream().noneMatch(other -> other.ended() < next.began());
      boolean answers = next.kind() == WRITE || next.value() == value;
      if (isDue && answers) {
        left.remove(next);
        boolean explained = explains(left, next.value());
        left.add(next);
        if (explained) {
          return true;
        }
      }
    }
    return false;
  }
}
