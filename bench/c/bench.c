#include "bench.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds, uint64_t weight)
{
    uint64_t us = nanoseconds / 1000;
    histogram->buckets[us < HISTOGRAM_BUCKETS ? us : HISTOGRAM_BUCKETS - 1] += weight;
    histogram->count += weight;
}

int histogram_percentile_us(const struct histogram *histogram, double fraction)
{
    double wanted = (double)histogram->count * fraction;
    uint64_t seen = 0;
    for (int us = 0; us < HISTOGRAM_BUCKETS && histogram->count > 0; us++) {
        seen += histogram->buckets[us];
        if ((double)seen >= wanted)
            return us;
    }
    return -1;
}

double process_cpu_us(pid_t pid)
{
    if (pid == 0)
        return 0;

    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(path);
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;

    // The second field is the program's name in parentheses and may hold spaces: count from its end.
    const char *fields = strrchr(line, ')');
    unsigned long user, system;
    if (fields == NULL ||
        sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

double own_cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int bind_loopback(int type, int port)
{
    int descriptor = socket(AF_INET, type, 0), on = 1;
    if (descriptor < 0)
        die("socket");
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        die("bind");
    return descriptor;
}

void announce(int descriptor, const char *scheme)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0)
        die("getsockname");
    printf("listening %s://127.0.0.1:%d\n", scheme, ntohs(address.sin_port));
    fflush(stdout);
}

struct sockaddr_in ipv4_address(const char *host, const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)number_argument("PORT", port, 1, 65535)),
    };
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fprintf(stderr, "HOST is an IPv4 address, not '%s'\n", host);
        exit(2);
    }
    return address;
}

double number_argument(const char *name, const char *text, double low, double high)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !(value >= low && value <= high)) {
        fprintf(stderr, "%s is a number from %g to %g, not '%s'\n", name, low, high, text);
        exit(2);
    }
    return value;
}

void die(const char *what)
{
    perror(what);
    exit(1);
}
