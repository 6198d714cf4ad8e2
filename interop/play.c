/* Plays a list of operations on a block device, past the page cache, one after the other.
 *
 *   play DEVICE < operations
 *
 * One operation a line, offsets and lengths in bytes, multiples of 512:
 *   w OFFSET LENGTH ID   write; each sector holds 32 times the pair (its number, ID), both 64 bits, little-endian
 *   u OFFSET LENGTH ID   the same, durable when it returns
 *   r OFFSET LENGTH      read
 *   f                    flush
 *   s MILLISECONDS       sleep
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define ALIGNMENT_BYTES 4096

static void fail(const char *what, unsigned long line)
{
	fprintf(stderr, "operation %lu: %s: %s\n", line, what, strerror(errno));
	exit(1);
}

static void *buffer_of(size_t length, unsigned long line)
{
	void *buffer;

	errno = posix_memalign(&buffer, ALIGNMENT_BYTES, length);
	if (errno)
		fail("no memory", line);
	return buffer;
}

static void fill(uint64_t *buffer, uint64_t offset, uint64_t length, uint64_t id)
{
	for (uint64_t i = 0; i < length / 16; i++) {
		buffer[2 * i] = htole64((offset + 16 * i) / SECTOR_BYTES);
		buffer[2 * i + 1] = htole64(id);
	}
}

static void write_all(int fd, uint64_t offset, uint64_t length, uint64_t id, unsigned long line)
{
	char *buffer = buffer_of(length, line);

	fill((uint64_t *)buffer, offset, length, id);
	for (uint64_t done = 0; done < length;) {
		ssize_t n = pwrite(fd, buffer + done, length - done, offset + done);

		if (n <= 0)
			fail("write", line);
		done += n;
	}
	free(buffer);
}

static void read_all(int fd, uint64_t offset, uint64_t length, unsigned long line)
{
	char *buffer = buffer_of(length, line);

	for (uint64_t done = 0; done < length;) {
		ssize_t n = pread(fd, buffer + done, length - done, offset + done);

		if (n <= 0)
			fail("read", line);
		done += n;
	}
	free(buffer);
}

int main(int argc, char **argv)
{
	unsigned long long a = 0, b = 0, id = 0;
	unsigned long line = 0;
	char text[256];
	int plain, durable;

	if (argc != 2) {
		fprintf(stderr, "usage: play DEVICE < operations\n");
		return 2;
	}
	plain = open(argv[1], O_RDWR | O_DIRECT);
	durable = open(argv[1], O_RDWR | O_DIRECT | O_DSYNC);
	if (plain < 0 || durable < 0)
		fail(argv[1], 0);
	while (fgets(text, sizeof(text), stdin)) {
		line++;
		if (sscanf(text, "w %llu %llu %llu", &a, &b, &id) == 3)
			write_all(plain, a, b, id, line);
		else if (sscanf(text, "u %llu %llu %llu", &a, &b, &id) == 3)
			write_all(durable, a, b, id, line);
		else if (sscanf(text, "r %llu %llu", &a, &b) == 2)
			read_all(plain, a, b, line);
		else if (sscanf(text, "s %llu", &a) == 1)
			usleep(a * 1000);
		else if (text[0] == 'f') {
			if (fdatasync(plain))
				fail("flush", line);
		} else if (text[0] != '\n') {
			errno = EINVAL;
			fail(text, line);
		}
	}
	return 0;
}
