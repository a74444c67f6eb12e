/* SPDX-License-Identifier: MIT
 *
 * Overlapped I/O through the C face: three reads of a driver that keeps them (tests/drivers/desk.c). One is served and
 * told by a completion port, one is cancelled and told by a callback, one sets an event.
 *
 *     cc overlapped.c $(pkg-config --cflags --libs ringside) -o overlapped
 *     ./overlapped build/drivers/desk.sys
 */
#include <ringside.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* tests/drivers/desk.h: what the driver does with what it is asked. */
#define IOCTL_ORDER 0x80002000u
#define IOCTL_SERVE 0x80002004u
typedef struct order {
    int32_t status;
    uint32_t information;
    uint32_t keep;
    uint32_t uncancelled;
} order;

static void must(int result, ringside_machine machine)
{
    if (result == RINGSIDE_OK)
        return;
    fprintf(stderr, "%s: %s\n", ringside_result_name(result), ringside_last_error(machine));
    exit(1);
}

static void tell(ringside_file desk, uint32_t code, int32_t status, uint32_t information, uint32_t keep)
{
    ringside_reply reply;
    order given;
    given.status = status;
    given.information = information;
    given.keep = keep;
    given.uncancelled = 0;
    must(ringside_ioctl(desk, code, &given, sizeof given, NULL, 0, &reply), 0);
}

/* In the thread that sleeps, at the end of its call: it may call the library, but this one has nothing to ask. */
static void finished(void* context, int result, const ringside_reply* reply, const void* bytes)
{
    (void)bytes;
    if (result != RINGSIDE_OK)
        printf("%s: the machine's process died (%s)\n", (const char*)context, ringside_result_name(result));
    else
        printf("%s: status 0x%08x, %d bytes\n", (const char*)context, (unsigned)reply->status, (int)reply->bytes);
}

static ringside_file open_desk(ringside_machine machine)
{
    ringside_file file;
    int32_t status;
    must(ringside_open(machine, "\\\\.\\Desk", RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status), machine);
    return file;
}

int main(int count, char** words)
{
    static char callback[] = "callback";
    ringside_machine machine;
    ringside_driver driver;
    ringside_file desk, with_port, without;
    ringside_port port;
    ringside_event event;
    ringside_thread thread;
    ringside_request served, cancelled, awaited;
    ringside_packet packet;
    ringside_io io;
    int32_t status;
    int came;

    if (count != 2) {
        fprintf(stderr, "usage: overlapped desk.sys\n");
        return 1;
    }
    must(ringside_boot(NULL, &machine), 0);
    must(ringside_load(machine, words[1], &driver, &status), machine);
    desk = open_desk(machine);
    with_port = open_desk(machine);
    without = open_desk(machine);
    must(ringside_thread_first(machine, &thread), machine);
    must(ringside_port_create(machine, 0, &port, NULL), machine);
    must(ringside_port_associate(port, with_port, 7, NULL), machine);
    must(ringside_event_create(machine, 1, 0, &event, NULL), machine);
    tell(desk, IOCTL_ORDER, 0, 0, 1);

    /* Zeros are the usual values of all members but the first two. */
    memset(&io, 0, sizeof io);
    io.size = sizeof io;
    io.major = RINGSIDE_MAJOR_READ;
    io.context = 42;
    must(ringside_start_io(with_port, &io, 16, &served), machine);
    io.context = 0;
    io.callback = finished;
    io.callback_context = callback;
    must(ringside_start_io(without, &io, 16, &cancelled), machine);
    io.callback = NULL;
    io.event = event;
    must(ringside_start_io(without, &io, 16, &awaited), machine);

    tell(desk, IOCTL_SERVE, 0, 9, 0);
    must(ringside_port_get(port, 0, 1.0, &packet), machine);
    printf("port: key %d, context %d, %d bytes\n", (int)packet.key, (int)packet.context, (int)packet.information);
    must(ringside_request_cancel(cancelled), machine);
    must(ringside_thread_sleep(thread, 1.0, 1, &status), machine);
    tell(desk, IOCTL_SERVE, 0, 3, 0);
    must(ringside_event_wait(event, &came), machine);
    printf("event: %s\n", came ? "came" : "did not come");

    must(ringside_file_close(with_port), machine);
    must(ringside_file_close(without), machine);
    must(ringside_file_close(desk), machine);
    must(ringside_expect_quiet(machine), machine);
    must(ringside_close(machine), 0);
    return 0;
}
