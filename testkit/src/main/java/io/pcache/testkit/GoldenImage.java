package io.pcache.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * A cache device and its backing device as a real kernel left them, with what the kernel itself
 * said and read.
 *
 * @param name the folder's name
 * @param dataCrc whether keys carry checksums of their data
 * @param backingBytes size of the backing device
 * @param reattachedStatus what the kernel showed after attaching these images again
 * @param logicalSha256 SHA-256 of the whole logical device as the kernel read it then
 */
public record GoldenImage(
    String name,
    boolean dataCrc,
    long backingBytes,
    DmStatus reattachedStatus,
    String logicalSha256) {
  private static final List<String> NAMES =
      List.of(
          "fresh",
          "dirty",
          "dirty-crc",
          "written-back",
          "partly-written-back",
          "read-populated",
          "crash",
          "reloaded",
          "large-io",
          "gc-cycled",
          "log-chain");

  /**
   * An unpacked pair of images.
   *
   * @param cache the cache device
   * @param backing the backing device
   */
  public record Unpacked(Path cache, Path backing) {}

  /** All of them, from the simplest on. */
  public static List<GoldenImage> all() {
    return NAMES.stream().map(GoldenImage::load).toList();
  }

  /** One by its name. */
  public static GoldenImage load(String name) {
    try (InputStream in = resource(name, "manifest.json")) {
      String manifest = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new GoldenImage(
          name,
          Boolean.parseBoolean(field(manifest, "data_crc")),
          Long.parseLong(field(manifest, "backing_bytes")),
          DmStatus.parse(field(manifest, "kernel_reattached_status")),
          field(manifest, "logical_sha256"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the manifest of " + name, e);
    }
  }

  /** The operations that were played. */
  public Ops ops() throws IOException {
    try (InputStream in = unzipped("ops.gz")) {
      return Ops.read(in);
    }
  }

  /** What the logical device holds. */
  public ExpectedContent expectedContent() throws IOException {
    ExpectedContent content = new ExpectedContent(backingBytes, SectorContent.BACKING_ID);
    content.replay(ops());
    return content;
  }

  /** Unpacks both images into a folder. */
  public Unpacked unpack(Path folder) throws IOException {
    try (InputStream cache = unzipped("cache.img.gz");
        InputStream backing = unzipped("backing.img.gz")) {
      return new Unpacked(
          SparseFiles.copy(cache, folder.resolve(name + "-cache.img")),
          SparseFiles.copy(backing, folder.resolve(name + "-backing.img")));
    }
  }

  private InputStream unzipped(String file) throws IOException {
    return new GZIPInputStream(resource(name, file), 1 << 16);
  }

  private static InputStream resource(String name, String file) {
    String path = "/golden/" + name + "/" + file;
    InputStream in = GoldenImage.class.getResourceAsStream(path);
    if (in == null) {
      throw new IllegalArgumentException("no golden image has " + path);
    }
    return in;
  }

  private static String field(String manifest, String key) {
    Matcher value = Pattern.compile("\"" + key + "\": \"?([^\",}\n]+)").matcher(manifest);
    if (!value.find()) {
      throw new IllegalArgumentException("a manifest without " + key);
    }
    return value.group(1);
  }

  /** For the names of parameterized tests. */
  @Override
  public String toString() {
    return name;
  }
}
