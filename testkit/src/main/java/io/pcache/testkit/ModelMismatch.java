package io.pcache.testkit;

/** A sector does not hold what the model says. */
final class ModelMismatch extends AssertionError {
  private static final long serialVersionUID = 1L;

  private final int sector;

  ModelMismatch(int sector, int found, String expected) {
    super(
        "sector %d: %s expected, found %s"
            .formatted(
                sector,
                expected,
                found == SectorContent.FOREIGN ? "something foreign" : "id " + found));
    this.sector = sector;
  }

  int sector() {
    return sector;
  }
}
