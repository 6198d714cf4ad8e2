package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A user who has a number and no name, as in many containers, and a cache in a folder of others.
 */
@Timeout(600)
@RequiresFile(LibnbdClient.PYTHON)
class UserWithoutNameTest {
  /** Makes {@code $1} and root's number the names of another user, here and in what it starts. */
  private static final String WITH_ACCOUNTS_NAMED_BY_NUMBERS =
      """
      cp /etc/passwd passwd
      printf '%s:x:7:7::/:/bin/sh\\n' 0 "$1" >>passwd
      chmod 644 passwd
      mount --bind passwd /etc/passwd
      echo "$(id -u "$1") is called $1"
      """;

  /**
   * Everything is copied, because that user may enter neither the source tree nor the home of root.
   */
  private static final String SCRIPT =
      """
      user=$1
      chmod 755 .
      mkdir -m 755 classes locked
      mkdir own
      tmp=$(mktemp -d)
      chmod 1777 $tmp
      cp -r "${PCACHE%/*}" bin
      copies=
      number=0
      IFS=:
      for entry in $PCACHE_CLASSPATH; do
        case ${entry##*/} in junit* | archunit* | byte-buddy* | assertj* | awaitility*) continue ;; esac
        number=$((number + 1))
        [[ ! -d $entry ]] || { cp -r "$entry" classes/$number && copies+=$PWD/classes/$number:; }
        [[ ! -f $entry ]] || { cp "$entry" classes/$number.jar && copies+=$PWD/classes/$number.jar:; }
      done
      IFS=' '
      chmod -R a+rX bin classes
      export PCACHE_CLASSPATH=$copies HOME=/nonexistent
      export PCACHE_JAVA_OPTS="-XX:+UseSerialGC -Djava.io.tmpdir=$tmp"
      cat >become <<'END'
      import os, sys
      user = int(sys.argv[1])
      os.setgroups([])
      os.setresgid(user, user, user)
      os.setresuid(user, user, user)
      os.execv(sys.argv[2], sys.argv[2:])
      END
      bin/pcache format locked/cache --size 512M
      truncate -s 1G disk
      chown -R +$user:+$user locked/cache disk own
      as="/usr/bin/python3 $PWD/become $user"
      $as bin/pcache serve --cache locked/cache --backing disk --listen "unix:$PWD/own/nbd" >out 2>&1 &
      daemon=$!
      trap 'kill -9 $daemon 2>/dev/null || true; rm -rf $tmp' EXIT
      for ((i = 0; i < 600; i++)); do
        grep -qs nbd+unix out && break
        kill -0 $daemon 2>/dev/null || break
        sleep 0.1
      done
      cat out
      $as bin/pcache status --timeout 60 --cache locked/cache
      ls $tmp
      mkdir -m 700 closed
      touch locked/roots
      /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("locked/roots.pcache.sock")'
      chmod 600 locked/roots.pcache.sock
      $as bin/pcache status --timeout 60 --cache locked/roots || echo "status $?"
      $as bin/pcache status --timeout 60 --cache closed/cache || echo "status $?"
      /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("locked/cache.pcache.sock")'
      chmod 600 locked/cache.pcache.sock
      $as bin/pcache table --timeout 60 --cache locked/cache >/dev/null && echo "table is known"
      /usr/bin/python3 -c '
      import socket, sys
      s = socket.socket(socket.AF_UNIX)
      s.connect(sys.argv[1])
      s.sendall(b"{\\"command\\":\\"table\\"}\\n")
      print("root reads", s.recv(9999))' $tmp/pcache-$user/*
      kill $daemon
      wait $daemon
      """;

  @TempDir Path folder;

  @DisplayName("hazard 35: a user who has no name serves and is answered")
  @ParameterizedTest
  @ValueSource(strings = {"54321", "3000000000"})
  void servesAndIsAnswered(String user) throws Exception {
    assertServesAndIsAnswered(user, LauncherShell.output(folder, SCRIPT, user));
  }

  /** Names of digits come from directories of users, and where accounts are made by scripts. */
  @Test
  @DisplayName("hazard 35: an account whose name is a number takes nobody's place")
  @RequiresTool({"unshare", "mount"})
  void anAccountWhoseNameIsItsNumberTakesNobodysPlace() throws Exception {
    String output =
        LauncherShell.output(
            folder,
            "exec unshare --mount bash -euc \"$1\" bash 54321",
            WITH_ACCOUNTS_NAMED_BY_NUMBERS + SCRIPT);
    assertThat(output).startsWith("7 is called 54321\n");
    assertServesAndIsAnswered("54321", output);
  }

  private static void assertServesAndIsAnswered(String user, String output) {
    assertThat(output)
        .contains("Serving at:\n")
        .contains("/locked/cache\n", "faults      none\n")
        .contains("\npcache-" + user + "\n")
        .containsPattern(
            "pcache: .*locked/roots.pcache.sock: permission denied; .* root and its own user.*\nstatus 1\n")
        .containsPattern("pcache: .*closed/cache.pcache.sock: permission denied; .*\nstatus 1\n")
        // Behind another one that this user may not open.
        .contains("\ntable is known\n")
        .contains("\nroot reads b'{\"text\":")
        .endsWith("exit 0\n");
  }
}
