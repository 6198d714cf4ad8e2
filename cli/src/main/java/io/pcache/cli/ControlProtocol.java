package io.pcache.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
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

  /** Many clients may send one at once, to a daemon whose heap may be small. */
  static final int MAX_REQUEST_BYTES = 16 << 10;

  /** A status of many devices, clients and faults has room. */
  static final int MAX_REPLY_BYTES = 1 << 20;

  private static final int MAX_REASON_CHARS = 200;

  private ControlProtocol() {}

  /** A message as it is sent. */
  static byte[] encode(Object message) {
    return (JSON.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Receives one message.
   *
   * @param maxBytes that its line may hold, without its end
   * @throws MalformedMessageException where it sends something else, or more than a message may
   *     hold
   * @throws IOException where the other side sends no whole line
   */
  static <T> T receive(InputStream in, Class<T> type, int maxBytes) throws IOException {
    String line = readLine(in, maxBytes);
    try {
      T message = JSON.readValue(line, type);
      if (message == null) {
        throw new MalformedMessageException("null; an object is expected");
      }
      return message;
    } catch (tools.jackson.databind.DatabindException e) {
      // What that says names classes of ours.
      throw new MalformedMessageException(
          shortened("an object with other fields or values: " + line));
    } catch (tools.jackson.core.JacksonException e) {
      throw new MalformedMessageException(shortened(String.valueOf(e.getOriginalMessage())));
    }
  }

  /** It may quote what came, at any length. */
  private static String shortened(String message) {
    return message.length() <= MAX_REASON_CHARS
        ? message
        : message.substring(0, MAX_REASON_CHARS) + "…";
  }

  private static String readLine(InputStream in, int maxBytes) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException(
            "the other side closed the control connection in the middle of a message");
      }
      if (line.size() == maxBytes) {
        throw new MalformedMessageException("longer than " + maxBytes + " bytes");
      }
      line.write(next);
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
