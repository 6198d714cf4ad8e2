package io.pcache.cli;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** A log event's message on one line, whatever a client or a device put into it. */
public final class PrintableMessage extends ClassicConverter {
  @Override
  public String convert(ILoggingEvent event) {
    return Printable.line(String.valueOf(event.getFormattedMessage()));
  }
}
