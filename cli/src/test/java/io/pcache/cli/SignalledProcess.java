package io.pcache.cli;

/** A program that says which stop requests signals have made of it, and ends after the second. */
final class SignalledProcess {
  private SignalledProcess() {}

  public static void main(String[] args) {
    StopRequests requests = new StopRequests();
    StopSignals.route(requests);
    System.out.println("ready");
    requests.first().join();
    System.out.println("first");
    requests.second().join();
    System.out.println("second");
  }
}
