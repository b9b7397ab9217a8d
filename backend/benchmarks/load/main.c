/* load client --port 5002 --people FILE …: many clients, driven by commands on standing input (run.c)
 * load peer --port 5002 --bytes 350 [--tick-ms 20]: the server that only sends (peer.c) */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

static const char *option(int count, char **arguments, const char *name, const char *otherwise) {
    for (int i = 2; i + 1 < count; i += 2)
        if (!strncmp(arguments[i], "--", 2) && !strcmp(arguments[i] + 2, name)) return arguments[i + 1];
    return otherwise;
}

static long number(int count, char **arguments, const char *name, const char *otherwise) {
    const char *text = option(count, arguments, name, otherwise);
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 0) die("--%s: not a number: %s", name, text);
    return value;
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    raise_file_limit();
    if (count > 1 && !strcmp(arguments[1], "peer"))
        return run_peer((int)number(count, arguments, "port", "5002"), (size_t)number(count, arguments, "bytes", "350"),
                        (int)number(count, arguments, "tick-ms", "0"));
    if (count < 2 || strcmp(arguments[1], "client") != 0) die("load client --port … --people …, or load peer --port …");
    plan = (Plan){
        .people = option(count, arguments, "people", "people.txt"),
        .namespace = option(count, arguments, "namespace", "/chat"),
        .hello = option(count, arguments, "hello", "session:ready"),
        .join = option(count, arguments, "join", "room:join"),
        .send = option(count, arguments, "send", "message:send"),
        .event = option(count, arguments, "event", "message:created"),
        .text_bytes = (uint32_t)number(count, arguments, "text-bytes", "40"),
        .addresses = (uint32_t)number(count, arguments, "addresses", "16"),
        .in_flight = (uint32_t)number(count, arguments, "in-flight", "64"),
        .port = (int)number(count, arguments, "port", "5002"),
    };
    if (plan.text_bytes < MARK || plan.text_bytes > 16000) die("--text-bytes: from %d to 16000", MARK);
    if (!plan.addresses || !plan.in_flight) die("--addresses and --in-flight: at least 1");
    return run_client();
}
