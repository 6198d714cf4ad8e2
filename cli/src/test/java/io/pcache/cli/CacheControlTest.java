package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheControlTest {
  private final List<String> events = new ArrayList<>();
  private final CacheControl control =
      new CacheControl(new FakeCache(events), Samples::clients, () -> "");

  @Test
  void statusAndTableComeFromTheCache() {
    assertThat(control.handle(ControlRequest.STATUS))
        .isEqualTo(ControlReply.status(Samples.status(), Samples.clients()));
    assertThat(control.handle(ControlRequest.TABLE).text())
        .isEqualTo("0 2097152 pcache cache.img disk.img 4 cache_mode writeback data_crc true");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "70", "90", "007"})
  void gcPercentReachesTheCache(String value) {
    ControlReply reply = message("gc_percent", value);
    assertThat(events).containsExactly("gc_percent " + Integer.parseInt(value));
    assertThat(reply.text()).isEqualTo("gc_percent is " + Integer.parseInt(value));
  }

  @Test
  void aMessageMayBeOneArgument() {
    assertThat(message("gc_percent 61").text()).isEqualTo("gc_percent is 61");
    assertThat(events).containsExactly("gc_percent 61");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "91",
        "-1",
        "256",
        "4294967296",
        "18446744073709551616",
        "340282366920938463463374607431768211526"
      })
  void aGcPercentOutOfRangeIsRefusedHoweverWide(String value) {
    assertThatThrownBy(() -> message("gc_percent", value))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(value)
        .hasMessageContaining("0 to 90");
    assertThat(events).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "7.5", "0x10", "70%", " 70", "+70", "٧٠"})
  void aGcPercentThatIsNoNumberIsRefused(String value) {
    assertThatThrownBy(() -> message("gc_percent", value))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("not a whole number");
    assertThat(events).isEmpty();
  }

  @Test
  @DisplayName("hazard 30: messages that a hung cache device holds take one place, not all")
  void aMessageIsRefusedWhileAnotherIsBeingCarriedOut() throws InterruptedException {
    Semaphore begun = new Semaphore(0);
    Semaphore answers = new Semaphore(0);
    List<String> hung =
        new AbstractList<>() {
          @Override
          public void add(int index, String event) {
            begun.release();
            answers.acquireUninterruptibly();
          }

          @Override
          public String get(int index) {
            throw new IndexOutOfBoundsException(index);
          }

          @Override
          public int size() {
            return 0;
          }
        };
    CacheControl ofHung = new CacheControl(new FakeCache(hung), Samples::clients, () -> "");
    ControlRequest request = ControlRequest.message(List.of("gc_percent", "5"));
    Thread first = Thread.ofPlatform().start(() -> ofHung.handle(request));
    begun.acquire();
    assertThatThrownBy(() -> ofHung.handle(request))
        .isInstanceOf(DeviceInUseException.class)
        .hasMessageContaining("an earlier message", "pcache status");
    answers.release(2);
    first.join();
    assertThat(ofHung.handle(request).text()).isEqualTo("gc_percent is 5");
  }

  @Test
  void aMissingValueIsNamedAsSuch() {
    assertThatThrownBy(() -> message("gc_percent"))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("takes one value")
        .hasMessageContaining("got 0");
    assertThatThrownBy(() -> message("gc_percent", "1", "2")).hasMessageContaining("got 2");
  }

  @Test
  void anUnknownMessageIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> message("frobnicate", "1"))
        .hasMessageContaining("frobnicate 1")
        .hasMessageContaining("gc_percent");
    assertThatThrownBy(() -> message()).hasMessageContaining("known: gc_percent");
  }

  @Test
  void anUnknownRequestIsRefused() {
    assertThatThrownBy(() -> control.handle(new ControlRequest("explode", List.of())))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("explode");
  }

  private ControlReply message(String... arguments) {
    return control.handle(ControlRequest.message(List.of(arguments)));
  }
}
