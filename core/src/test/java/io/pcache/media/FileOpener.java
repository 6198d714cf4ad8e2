package io.pcache.media;

import java.nio.file.Path;

/** Opens a file as media, and prints as what. */
final class FileOpener {
  private FileOpener() {}

  public static void main(String[] args) {
    try (Media media = MediaFiles.open(Path.of(args[0]))) {
      System.out.println(media.kind() + ", why not DAX: " + media.whyNotDax());
    }
  }
}
