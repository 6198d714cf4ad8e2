package io.pcache.cache.repair;

import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.Checksum;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.SegmentChain;
import io.pcache.log.KeySetReader;
import io.pcache.log.KeySetVisitor;
import io.pcache.log.LogPosition;
import io.pcache.media.Media;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Determines from the keys of the log whether a cache keeps data checksums. If it does, the
 * checksums match the data. If it does not, the field in their place matches by chance once in four
 * billion keys. Keys of reclaimed segments do not count.
 *
 * <p>Thread-safety: none.
 */
final class ChecksumEvidence implements KeySetVisitor {
  private final Media media;
  private final SegmentChain chain;
  private final IntToLongFunction generations;
  private long matching;
  private long differing;

  /**
   * Starts without any evidence.
   *
   * @param generations the generation of each segment
   */
  ChecksumEvidence(Media media, SegmentChain chain, IntToLongFunction generations) {
    this.media = media;
    this.chain = chain;
    this.generations = generations;
  }

  @Override
  public void visit(LogPosition position, KeySetReader keySet) {
    for (int i = 0; i < keySet.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      int segment = KeyRecord.cacheSegId(keySet.bytes(), at);
      if (KeyRecord.segGen(keySet.bytes(), at) >= generations.applyAsLong(segment)) {
        count(keySet, at, chain.dataOffset(segment));
      }
    }
  }

  private void count(KeySetReader keySet, long at, long dataAreaOffset) {
    long data = dataAreaOffset + KeyRecord.cacheSegOff(keySet.bytes(), at);
    int found = Checksum.of(media.view(), data, KeyRecord.len(keySet.bytes(), at));
    if (found == KeyRecord.dataCrc(keySet.bytes(), at)) {
      matching++;
    } else {
      differing++;
    }
  }

  /**
   * Returns whether the cache keeps data checksums. Damaged data also differs from its checksum. So
   * a few mismatches do not outweigh more matches.
   *
   * @param said the caller's answer, or null; used if the keys are inconclusive
   * @throws BadOptionException if the keys contradict the caller's answer
   * @throws CorruptMediaException if the keys are inconclusive and the caller gave no answer
   */
  boolean dataCrc(@Nullable Boolean said) {
    Boolean told = verdict();
    if (told == null) {
      return known(said);
    }
    if (said != null && !said.equals(told)) {
      throw new BadOptionException(
          "--data-crc %s: the keys tell the opposite: %s; nothing was changed, leave the option out"
              .formatted(said, this));
    }
    return told;
  }

  private boolean known(@Nullable Boolean said) {
    if (said == null) {
      throw new CorruptMediaException(
          "cache_info: neither slot is valid, and the keys do not tell whether it was formatted with data_crc: %s; say it with --data-crc true or --data-crc false"
              .formatted(this));
    }
    return said;
  }

  private @Nullable Boolean verdict() {
    if (matching == 0 && differing > 0) {
      return false;
    }
    return matching > differing ? true : null;
  }

  @Override
  public String toString() {
    return "%d keys match the checksum of their data, %d do not".formatted(matching, differing);
  }
}
