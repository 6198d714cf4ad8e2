package io.pcache.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a command and a daemon talk: over a unix socket, one request and one reply to a connection,
 * each one line of JSON. Fields that a side does not know are ignored, so that a newer one may send
 * more.
 */
final class ControlProtocol {
  static final JsonMapper JSON =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .changeDefaultPropertyInclusion(
              inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  private static final int MAX_LINE_BYTES = 1 << 20;

  private ControlProtocol() {}

  /** Sends one message. */
  static void send(OutputStream out, Object message) throws IOException {
    out.write((JSON.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /**
   * Receives one message.
   *
   * @throws IOException where the other side sends no whole line, more than a line may hold, or
   *     something else
   */
  static <T> T receive(InputStream in, Class<T> type) throws IOException {
    String line = readLine(in);
    try {
      T message = JSON.readValue(line, type);
      if (message == null) {
        throw new IOException("not a control message: null");
      }
      return message;
    } catch (tools.jackson.core.JacksonException e) {
      throw new IOException("not a control message: " + e.getOriginalMessage(), e);
    }
  }

  private static String readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException(
            "the other side closed the control connection in the middle of a message");
      }
      if (line.size() == MAX_LINE_BYTES) {
        throw new IOException("a control message is longer than " + MAX_LINE_BYTES + " bytes");
      }
      line.write(next);
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
