/* Commands, one a line, from standing input; answers, one JSON object a line. The end of the input is the end.
 *
 *   connect count=1000 seconds=60
 *   run rate=40 senders=40 warm=1 seconds=5 drain=3 [count=200: no more than these, and the window ends with the last]
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { ALARM = UINT32_MAX, COMMANDS = UINT32_MAX - 1, AT_ONCE = 512 };

static const uint64_t SECOND = 1000000000u;

static int epoll, alarm_fd;
static char command[256];
static size_t command_length;

static double value_of(const char *name, double otherwise) {
    char wanted[40];
    size_t size = (size_t)snprintf(wanted, sizeof wanted, " %s=", name);
    const char *at = strstr(command, wanted);
    return at ? strtod(at + size, NULL) : otherwise;
}

/* One turn: hears everything that has come; waits for it until the time. True when a command has come. */
static int turn(uint64_t until) {
    static struct epoll_event events[AT_ONCE];
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(until / SECOND), .tv_nsec = (long)(until % SECOND)}};
    uint64_t rings;
    int told = 0;
    timerfd_settime(alarm_fd, TFD_TIMER_ABSTIME, &when, NULL);
    int count = epoll_wait(epoll, events, AT_ONCE, -1);
    for (int i = 0; i < count; i++) {
        uint32_t index = events[i].data.u32;
        if (index == COMMANDS)
            told = 1;
        else if (index != ALARM)
            client_event(index, events[i].events);
        else if (read(alarm_fd, &rings, sizeof rings) < 0 && errno != EAGAIN)
            die("timer: %s", strerror(errno));
    }
    return told;
}

/* As the last field of an answer; without what JSON would have to escape. */
static void answer_text(const char *name, const char *text) {
    printf(",\"%s\":\"", name);
    for (; *text; text++)
        if (*text >= ' ' && *text != '"' && *text != '\\') putchar(*text);
    puts("\"}");
}

static void answer_connect(uint64_t began, double cpu) {
    printf("{\"did\":\"connect\",\"ready\":%u,\"failed\":%u,\"closed\":%u,\"under_way\":%u,\"seconds\":%.4f,\"cpu_s\":%.4f",
           standing.ready, standing.failed, standing.closed, standing.dialling, (double)(now_ns() - began) / 1e9,
           cpu_seconds() - cpu);
    answer_text("why", standing.why);
}

static void connect_them(void) {
    uint64_t began = now_ns(), until = began + (uint64_t)(value_of("seconds", 60) * 1e9);
    double cpu = cpu_seconds();
    uint32_t count = (uint32_t)value_of("count", clients_known());
    for (;;) {
        clients_want(count);
        if (standing.ready + standing.failed + standing.closed >= standing.wanted || now_ns() >= until) break;
        turn(until);
    }
    answer_connect(began, cpu);
}

static void mark(const char *at) { printf("{\"at\":\"%s\"}\n", at); }

static void answer_run(double seconds, double cpu, uint64_t latest) {
    uint64_t missing = tally.expected > tally.delivered ? tally.expected - tally.delivered : 0;
    printf("{\"did\":\"run\",\"seconds\":%.4f,\"sent\":%lu,\"sent_in_window\":%lu,\"acked\":%lu,\"acked_in_window\":%lu,"
           "\"expected\":%lu,\"delivered\":%lu,\"in_window\":%lu,\"missing\":%lu,\"twice\":%lu,\"reordered\":%lu,\"unknown\":%lu,"
           "\"strayed\":%lu,\"late\":%lu,\"ack_missing\":%lu,\"ack_unknown\":%lu,\"ack_twice\":%lu,\"ack_refused\":%lu,\"closed\":%u,",
           seconds, tally.sent, tally.sent_in_window, tally.acked, tally.acked_in_window, tally.expected, tally.delivered,
           tally.in_window, missing, tally.twice, tally.reordered, tally.unknown, tally.strayed, tally.late,
           tally.sent - tally.acked - tally.ack_refused, tally.ack_unknown, tally.ack_twice, tally.ack_refused, standing.closed);
    printf("\"event_bytes\":%.1f,\"ack_p50_ms\":%.3f,\"ack_p99_ms\":%.3f,\"ack_max_ms\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"max_ms\":%.3f,\"late_sends_ms\":%.3f,\"cpu_s\":%.4f",
           tally.in_window ? (double)tally.bytes_in_window / (double)tally.in_window : 0, histogram_ms(&tally.ack, 0.5),
           histogram_ms(&tally.ack, 0.99), (double)tally.ack.longest / 1000, histogram_ms(&tally.delivery, 0.5),
           histogram_ms(&tally.delivery, 0.99), (double)tally.delivery.longest / 1000, (double)latest / 1e6, cpu);
    answer_text("refusal", tally.refusal);
}

/* Sends at a fixed rate, whatever comes back; the window begins when it is warm; then waits for what is missing. */
static void run(void) {
    double rate = value_of("rate", 1), seconds = value_of("seconds", 5);
    uint32_t senders = (uint32_t)value_of("senders", 1), all = clients_known(), wanted = standing.wanted;
    uint64_t began = now_ns(), due = began, latest = 0, count = 0, end = 0;
    uint64_t begin = began + (uint64_t)(value_of("warm", 1) * 1e9), most = (uint64_t)value_of("count", 1e15);
    double cpu = 0;
    if (wanted && wanted < all) all = wanted;
    if (senders < 1 || senders > all) senders = all;
    ledger_begin();
    do {
        uint64_t now = now_ns();
        if (!tally.begin && now >= begin) {
            tally.begin = now;
            tally.window_open = 1;
            end = now + (uint64_t)(seconds * 1e9);
            cpu = cpu_seconds();
            mark("begin");
        }
        for (; due <= now && count < most && !(end && due >= end); now = now_ns()) {
            if (tally.begin && now - due > latest) latest = now - due;
            client_send((uint32_t)(count % senders * all / senders), now);
            due = began + (uint64_t)((double)++count * 1e9 / rate);
        }
        if (count >= most) end = now;
        uint64_t next = tally.begin ? end : begin;
        turn(due < next ? due : next);
    } while (!end || now_ns() < end);
    tally.end = now_ns();
    tally.window_open = 0;
    cpu = cpu_seconds() - cpu;
    mark("end");
    uint64_t until = tally.end + (uint64_t)(value_of("drain", 3) * 1e9);
    while ((tally.delivered < tally.expected || tally.acked + tally.ack_refused < tally.sent) && now_ns() < until) turn(until);
    answer_run((double)(tally.end - tally.begin) / 1e9, cpu, latest);
}

/* True while there is more to read: a command at a time, each to its end. */
static int obey(void) {
    ssize_t came = read(STDIN_FILENO, command + 1 + command_length, sizeof command - 2 - command_length);
    if (came <= 0) return 0;
    command_length += (size_t)came;
    command[0] = ' ';
    command[1 + command_length] = 0;
    char *end = strchr(command, '\n');
    if (!end) return command_length < sizeof command - 2;
    *end = 0;
    if (!strncmp(command, " connect", 8))
        connect_them();
    else if (!strncmp(command, " run", 4))
        run();
    else
        die("there is no command `%s`", command + 1);
    command_length = 0;
    return 1;
}

int run_client(void) {
    epoll = poll_new();
    alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    setvbuf(stdout, NULL, _IOLBF, 0);
    clients_begin(epoll);
    poll_add(epoll, alarm_fd, ALARM);
    poll_add(epoll, STDIN_FILENO, COMMANDS);
    do
        while (!turn(now_ns() + 3600 * SECOND)) continue;
    while (obey());
    return 0;
}
