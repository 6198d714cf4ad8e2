package io.pcache.testkit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What many threads did to one register (a sector), and whether it can be explained: is there one
 * order of all operations that keeps to the order of those that did not overlap, and in which each
 * read answers the write before it? That is linearizability.
 *
 * <p>Every value is written once at most. So the write and the reads of a value stand together in
 * any such order, and it is enough to look at where these groups have to lie. For a group take the
 * earliest end of its operations and the latest begin. Where the end comes first, the group has a
 * <em>hold</em>: from that end to that begin the register certainly holds this value. Else it has a
 * <em>gap</em>, from the latest begin to the earliest end, somewhere in which all of it can happen
 * at once. An order exists exactly if
 *
 * <ul>
 *   <li>no read ended before the write of its value began,
 *   <li>no two holds overlap, and
 *   <li>no gap lies wholly inside a hold.
 * </ul>
 *
 * <p>The rule is that of Gibbons and Korach, "Testing shared memories", 1997.
 *
 * <p>Thread-safety: one thread.
 */
final class RegisterHistory {
  private static final int SHOWN_OPERATIONS = 40;

  private final List<RegisterOp> operations = new ArrayList<>();

  /** A history of a register that holds a value before everything else. */
  RegisterHistory(int initialValue) {
    operations.add(new RegisterOp(RegisterOp.Kind.WRITE, initialValue, -1, -1));
  }

  /** Adds an operation that is complete. The order of adding means nothing. */
  void add(RegisterOp operation) {
    operations.add(operation);
  }

  /** Why no order explains this history, or empty where one does. */
  Optional<String> violation() {
    Map<Integer, Group> groups = new TreeMap<>();
    for (RegisterOp operation : operations) {
      groups.computeIfAbsent(operation.value(), Group::new).add(operation);
    }
    return groups.values().stream()
        .flatMap(group -> group.fault().stream())
        .findFirst()
        .or(() -> clash(groups.values()))
        .map(fault -> fault + "; all of it: " + shown());
  }

  /** How many pairs of a read and a write overlapped. */
  int overlaps() {
    int overlaps = 0;
    for (RegisterOp read : operations) {
      for (RegisterOp write : operations) {
        boolean pair = read.kind() == RegisterOp.Kind.READ && write.kind() == RegisterOp.Kind.WRITE;
        if (pair && read.began() < write.ended() && write.began() < read.ended()) {
          overlaps++;
        }
      }
    }
    return overlaps;
  }

  private static Optional<String> clash(Collection<Group> groups) {
    List<Group> holds = new ArrayList<>(groups.stream().filter(Group::holds).toList());
    holds.sort(Comparator.comparingLong(Group::from));
    for (int i = 1; i < holds.size(); i++) {
      if (holds.get(i).from() < holds.get(i - 1).to()) {
        return Optional.of(holds.get(i - 1) + " and " + holds.get(i) + " at the same time");
      }
    }
    for (Group gap : groups) {
      if (!gap.holds()) {
        for (Group hold : holds) {
          if (hold.from() < gap.from() && gap.to() < hold.to()) {
            return Optional.of(gap + " happened while " + hold);
          }
        }
      }
    }
    return Optional.empty();
  }

  private List<RegisterOp> shown() {
    return operations.stream()
        .sorted(Comparator.comparingLong(RegisterOp::began))
        .limit(SHOWN_OPERATIONS)
        .toList();
  }

  /** The write and the reads of one value. */
  private static final class Group {
    private final int value;
    private long earliestEnd = Long.MAX_VALUE;
    private long latestBegin = Long.MIN_VALUE;
    private long earliestReadEnd = Long.MAX_VALUE;
    private long writeBegan;
    private int writes;

    Group(int value) {
      this.value = value;
    }

    void add(RegisterOp operation) {
      earliestEnd = Math.min(earliestEnd, operation.ended());
      latestBegin = Math.max(latestBegin, operation.began());
      if (operation.kind() == RegisterOp.Kind.WRITE) {
        writes++;
        writeBegan = operation.began();
      } else {
        earliestReadEnd = Math.min(earliestReadEnd, operation.ended());
      }
    }

    Optional<String> fault() {
      if (writes != 1) {
        return Optional.of("value %d was read and written %d times".formatted(value, writes));
      }
      if (earliestReadEnd < writeBegan) {
        return Optional.of(
            "value %d was read until %d, and its write began at %d"
                .formatted(value, earliestReadEnd, writeBegan));
      }
      return Optional.empty();
    }

    boolean holds() {
      return earliestEnd < latestBegin;
    }

    long from() {
      return Math.min(earliestEnd, latestBegin);
    }

    long to() {
      return Math.max(earliestEnd, latestBegin);
    }

    @Override
    public String toString() {
      return "value %d %s from %d to %d"
          .formatted(value, holds() ? "held" : "came and went", from(), to());
    }
  }
}
