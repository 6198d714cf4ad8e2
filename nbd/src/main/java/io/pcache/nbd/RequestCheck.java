package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request may go to the device. What passes has a known command, flags that go
 * with it, and a range of whole sectors inside the export; nothing behind this check looks at that
 * again.
 */
final class RequestCheck {
  private static final int SECTOR_MASK = BlockDevice.SECTOR_BYTES - 1;

  private final long sizeBytes;
  private final ReplyStyle style;
  private final boolean hasContexts;

  RequestCheck(Negotiated negotiated) {
    sizeBytes = negotiated.export().device().sizeBytes();
    style = negotiated.style();
    hasContexts = !negotiated.contexts().isEmpty();
  }

  /** The reason to refuse, or null. */
  @Nullable Refusal refusal(RequestFrame frame) {
    if (frame.type() > Command.BLOCK_STATUS || frame.type() == Command.TRIM) {
      return Refusal.UNKNOWN_COMMAND;
    }
    Refusal ofFlags = refusalOfFlags(frame);
    if (ofFlags != null) {
      return ofFlags;
    }
    return frame.type() == Command.FLUSH ? refusalOfFlush(frame) : refusalOfRange(frame);
  }

  private @Nullable Refusal refusalOfFlags(RequestFrame frame) {
    boolean payloadFollows = frame.has(CommandFlag.PAYLOAD_LEN);
    if (frame.isExtended() && payloadFollows && frame.type() != Command.WRITE) {
      return Refusal.PAYLOAD_UNEXPECTED;
    }
    if (frame.isExtended() && !payloadFollows && frame.type() == Command.WRITE) {
      return Refusal.PAYLOAD_MISSING;
    }
    return (frame.flags() & ~allowedFlags(frame.type())) == 0 ? null : Refusal.BAD_FLAGS;
  }

  /** FUA goes with every command; where nothing is written it means nothing. */
  private int allowedFlags(int type) {
    return CommandFlag.FUA
        | switch (type) {
          case Command.READ -> style == ReplyStyle.SIMPLE ? 0 : CommandFlag.DF;
          case Command.WRITE -> style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
          case Command.WRITE_ZEROES -> CommandFlag.NO_HOLE;
          case Command.BLOCK_STATUS -> CommandFlag.REQ_ONE;
          default -> 0;
        };
  }

  private static @Nullable Refusal refusalOfFlush(RequestFrame frame) {
    return (frame.offsetBytes() | frame.lengthBytes()) == 0 ? null : Refusal.RANGE_ON_FLUSH;
  }

  private @Nullable Refusal refusalOfRange(RequestFrame frame) {
    long offset = frame.offsetBytes();
    long length = frame.lengthBytes();
    boolean carriesPayload = frame.type() == Command.READ || frame.type() == Command.WRITE;
    if (length == 0) {
      return Refusal.EMPTY;
    }
    if (((offset | length) & SECTOR_MASK) != 0) {
      return Refusal.MISALIGNED;
    }
    if (carriesPayload && Long.compareUnsigned(length, NbdServerOptions.MAX_PAYLOAD_BYTES) > 0) {
      return Refusal.TOO_LARGE;
    }
    if (offset < 0 || length < 0 || offset > sizeBytes - length) {
      return changesData(frame.type()) ? Refusal.WRITE_PAST_END : Refusal.PAST_END;
    }
    return frame.type() == Command.BLOCK_STATUS && !hasContexts ? Refusal.NO_CONTEXT : null;
  }

  private static boolean changesData(int type) {
    return type == Command.WRITE || type == Command.WRITE_ZEROES;
  }
}
