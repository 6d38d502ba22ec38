// What every yardstick and load generator here shares: a clock, a histogram, a listener, and the reading of arguments.
#ifndef DIALTONE_BENCH_H
#define DIALTONE_BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

uint64_t now_ns(void);

// Latencies in buckets of one microsecond; the last bucket holds everything from one second up.
enum { HISTOGRAM_BUCKETS = 1000000 };
struct histogram {
    uint64_t count;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};
void histogram_add(struct histogram *histogram, uint64_t nanoseconds, uint64_t weight);
int histogram_percentile_us(const struct histogram *histogram, double fraction);

// CPU time, user and system, of a whole process from /proc/PID/stat, in microseconds; 0 for pid 0.
double process_cpu_us(pid_t pid);
// The same for the calling process.
double own_cpu_us(void);

// Servers: bind to a loopback port (0: any), and print "listening SCHEME://127.0.0.1:PORT" for the runner.
int bind_loopback(int type, int port);
void announce(int descriptor, const char *scheme);

struct sockaddr_in ipv4_address(const char *host, const char *port);

// Reads a number in [low, high] or ends the program with a message that names the argument.
double number_argument(const char *name, const char *text, double low, double high);
// Ends the program with the reason from errno.
_Noreturn void die(const char *what);

#endif
