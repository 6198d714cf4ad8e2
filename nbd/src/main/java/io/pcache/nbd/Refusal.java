package io.pcache.nbd;

import io.pcache.nbd.protocol.NbdError;

/** Why a request is answered with an error without asking the device. */
enum Refusal {
  UNKNOWN_COMMAND(NbdError.EINVAL, "the command is not offered"),
  BAD_FLAGS(NbdError.EINVAL, "a command flag is unknown or does not go with the command"),
  PAYLOAD_UNEXPECTED(NbdError.EINVAL, "the command takes no payload"),
  PAYLOAD_MISSING(NbdError.EINVAL, "a write with extended headers needs the payload length flag"),
  EMPTY(NbdError.EINVAL, "the length is 0"),
  RANGE_ON_FLUSH(NbdError.EINVAL, "a flush has offset and length 0"),
  MISALIGNED(NbdError.EINVAL, "offset and length are multiples of 512"),
  PAST_END(NbdError.EINVAL, "the range ends outside the export"),
  WRITE_PAST_END(NbdError.ENOSPC, "the range ends outside the export"),
  TOO_LARGE(NbdError.EINVAL, "the payload is above 32 MiB"),
  NO_CONTEXT(NbdError.EINVAL, "no metadata context was agreed on"),
  SHUTTING_DOWN(NbdError.ESHUTDOWN, "the server is shutting down");

  private final int errno;
  private final String message;

  Refusal(int errno, String message) {
    this.errno = errno;
    this.message = message;
  }

  int errno() {
    return errno;
  }

  String message() {
    return message;
  }
}
