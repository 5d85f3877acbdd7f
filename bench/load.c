/* A sender of tracking requests that costs little: one thread, epoll, every connection sends as soon as it is answered.
 * Bodies are made while running, with fresh messageIds and timestamps; about 650 bytes an event.
 * load PORT AUTHORIZATION EVENTS_PER_REQUEST CONNECTIONS SECONDS -> one line of JSON on stdout. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define MAX_BODY (512 * 1024)
#define MAX_SAMPLES 4000000

struct connection { int fd; char *out; size_t out_length, out_sent; char in[8192]; size_t in_length; double began; };
static struct connection connections[MAX_CONNECTIONS];
static float *samples;
static size_t n_samples, n_bad;
static unsigned long long counter, salt;
static const char *authorization;
static int events_per_request;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static size_t write_event(char *to) {
    struct timespec t;
    struct tm utc;
    char stamp[40];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &utc);
    size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp + n, sizeof stamp - n, ".%03ldZ", t.tv_nsec / 1000000);
    counter++;
    return sprintf(to,
        "{\"type\":\"track\",\"messageId\":\"%016llx-%016llx\",\"userId\":\"customer-%llu\",\"event\":\"Product Viewed\","
        "\"timestamp\":\"%s\",\"properties\":{\"product_id\":\"T%03llu\",\"name\":\"Spring tea from the western hills\","
        "\"category\":\"green tea\",\"price\":168.5,\"quantity\":1,\"position\":3,\"currency\":\"CNY\","
        "\"url\":\"https://shop.example/products/spring-tea?utm_source=wechat&utm_campaign=spring\"},"
        "\"context\":{\"library\":{\"name\":\"analytics-python\",\"version\":\"2.3.2\"},\"page\":{\"path\":\"/products/spring-tea\","
        "\"title\":\"Spring tea\",\"referrer\":\"https://shop.example/\"},\"userAgent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)"
        " AppleWebKit/605.1.15\"}}",
        salt, counter, counter % 100000, stamp, counter % 500);
}

static void prepare(struct connection *c) {
    static char body[MAX_BODY];
    size_t n = 0;
    if (events_per_request == 1) {
        n = write_event(body);
    } else {
        n += sprintf(body, "{\"batch\":[");
        for (int i = 0; i < events_per_request; i++) {
            if (i) body[n++] = ',';
            n += write_event(body + n);
        }
        n += sprintf(body + n, "]}");
    }
    c->out_length = sprintf(c->out,
        "POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n", events_per_request == 1 ? "track" : "batch", authorization, n);
    memcpy(c->out + c->out_length, body, n);
    c->out_length += n;
    c->out_sent = 0;
    c->in_length = 0;
    c->began = now();
}

static void push(struct connection *c) {
    while (c->out_sent < c->out_length) {
        ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) return;
            perror("send");
            exit(1);
        }
        c->out_sent += n;
    }
}

static int is_answered(struct connection *c) {
    c->in[c->in_length] = 0;
    char *end = strstr(c->in, "\r\n\r\n"), *length = strstr(c->in, "content-length: ");
    return end && length && c->in_length >= (size_t)(end + 4 - c->in) + strtoul(length + 16, NULL, 10);
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    authorization = argv[2];
    events_per_request = atoi(argv[3]);
    int n_connections = atoi(argv[4]), poll_fd = epoll_create1(0);
    double seconds = atof(argv[5]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    samples = malloc(MAX_SAMPLES * sizeof *samples);
    salt = (unsigned long long)time(NULL) << 20 ^ getpid();
    double start = now();
    for (int i = 0; i < n_connections; i++) {
        struct connection *c = &connections[i];
        int one = 1;
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); return 1; }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->out = malloc(MAX_BODY + 1024);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        prepare(c);
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event);
    }
    struct epoll_event events[256];
    while (now() - start < seconds) {
        int n = epoll_wait(poll_fd, events, 256, 100);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            push(c);
            for (;;) {
                ssize_t got = recv(c->fd, c->in + c->in_length, sizeof c->in - 1 - c->in_length, 0);
                if (got < 0 && errno == EAGAIN) break;
                if (got <= 0) { fprintf(stderr, "the server hung up\n"); return 1; }
                c->in_length += got;
                if (!is_answered(c)) continue;
                if (strncmp(c->in + 9, "200", 3)) n_bad++;
                if (n_samples < MAX_SAMPLES) samples[n_samples++] = (now() - c->began) * 1000;
                prepare(c);
                push(c);
            }
        }
    }
    double took = now() - start;
    qsort(samples, n_samples, sizeof *samples, by_size);
    if (!n_samples) return 1;
    printf("{\"requests\": %zu, \"refused\": %zu, \"seconds\": %.3f, \"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}\n",
        n_samples, n_bad, took, samples[n_samples / 2], samples[(size_t)(n_samples * 0.99)], samples[n_samples - 1]);
    return 0;
}
