package io.pcache.cli;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;

/** The stack trace of a log event; the messages in it come from anywhere. */
public final class PrintableTrace extends ThrowableProxyConverter {
  @Override
  protected String throwableProxyToString(IThrowableProxy proxy) {
    return Printable.lines(super.throwableProxyToString(proxy)) + System.lineSeparator();
  }
}
