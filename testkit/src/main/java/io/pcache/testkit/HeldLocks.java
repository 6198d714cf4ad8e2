package io.pcache.testkit;

import io.pcache.agent.Agent;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Every lock and every monitor of an object and of all that it is made of, held by one thread: what
 * still works then needs none of them.
 */
public final class HeldLocks {
  /** Held before all locks, as an agent's work does that takes some. */
  private final List<Object> agents = new ArrayList<>();

  private final List<Lock> locks = new ArrayList<>();
  private final List<Object> monitors = new ArrayList<>();

  private HeldLocks() {}

  /** Finds them all. Nothing is held yet. */
  public static HeldLocks of(Object root) {
    HeldLocks found = new HeldLocks();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    ArrayDeque<Object> toVisit = new ArrayDeque<>(List.of(root));
    while (!toVisit.isEmpty()) {
      Object object = toVisit.pop();
      if (seen.add(object)) {
        found.note(object);
        parts(object).forEach(toVisit::push);
      }
    }
    return found;
  }

  private void note(Object object) {
    if (object instanceof Lock lock) {
      locks.add(lock);
    } else if (object instanceof Agent) {
      agents.add(object);
    } else {
      monitors.add(object);
    }
  }

  private static List<Object> parts(Object object) {
    List<Object> parts = new ArrayList<>();
    if (object instanceof Object[] array) {
      for (int i = 0; i < Array.getLength(array); i++) {
        addPart(parts, array[i]);
      }
    } else if (object instanceof Collection<?> elements) {
      elements.forEach(element -> addPart(parts, element));
    }
    for (Class<?> type = object.getClass();
        type != null && type.getName().startsWith("io.pcache.");
        type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        addPart(parts, valueOf(field, object));
      }
    }
    return parts;
  }

  /** A selector's monitor is held all the while by the thread that selects. */
  private static void addPart(List<Object> parts, @Nullable Object part) {
    if (part != null && !(part instanceof Thread) && !(part instanceof Selector)) {
      parts.add(part);
    }
  }

  /** The field's object; null where it has none, or belongs to the class. */
  private static @Nullable Object valueOf(Field field, Object owner) {
    if (field.getType().isPrimitive()
        || Modifier.isStatic(field.getModifiers())
        || owner.getClass().isHidden()) {
      return null;
    }
    try {
      field.setAccessible(true);
      return field.get(owner);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** How many locks there are, monitors not counted. */
  public int lockCount() {
    return locks.size();
  }

  /** Runs an action on this thread while it holds all of them. */
  public void runHolding(Runnable action) {
    runHoldingMonitors(agents, 0, () -> runHoldingLocks(action));
  }

  private void runHoldingLocks(Runnable action) {
    locks.forEach(Lock::lock);
    try {
      runHoldingMonitors(monitors, 0, action);
    } finally {
      locks.forEach(Lock::unlock);
    }
  }

  private static void runHoldingMonitors(List<Object> monitors, int from, Runnable action) {
    if (from == monitors.size()) {
      action.run();
      return;
    }
    synchronized (monitors.get(from)) {
      runHoldingMonitors(monitors, from + 1, action);
    }
  }
}
